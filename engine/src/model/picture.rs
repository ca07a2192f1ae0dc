//! Pictures of strangers are never handed on as they came: they are read with limits and drawn anew.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most pixels of a picture that is read.
pub const MAX_PIXELS: u64 = 40_000_000;
/// Most memory that reading one may take.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;
/// Longest side of what is shown; a larger picture is made smaller.
const LONGEST_SIDE: u32 = 2_400;

/// A picture drawn anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub mime: &'static str,
    /// Its bytes, without anything of the old ones but what is seen.
    pub bytes: Vec<u8>,
}

/// Why a picture is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// Only PNG, JPEG, GIF and WebP are.
    #[error("it is no PNG, JPEG, GIF or WebP picture")]
    Kind,
    /// It has more pixels than [`MAX_PIXELS`], or would need too much memory.
    #[error("it is larger than {} megapixels", MAX_PIXELS / 1_000_000)]
    TooLarge,
    /// It is damaged.
    #[error("it is damaged")]
    Damaged,
}

/// Reads a picture and draws it anew: PNG where it may be seen through, else JPEG. Of an animation, the first frame.
///
/// # Errors
/// [`NotShown`] says why not. Never panics.
pub fn redrawn(bytes: &[u8]) -> Result<Picture, NotShown> {
    catch_unwind(AssertUnwindSafe(|| draw(bytes))).unwrap_or(Err(NotShown::Damaged))
}

fn draw(bytes: &[u8]) -> Result<Picture, NotShown> {
    let format = kind(bytes).ok_or(NotShown::Kind)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|e| refused(&e))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(NotShown::TooLarge);
    }
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|e| refused(&e))?;
    if let Some(turn) = orientation {
        picture.apply_orientation(turn);
    }
    if picture.width().max(picture.height()) > LONGEST_SIDE {
        picture = picture.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    write(&picture, format)
}

fn write(picture: &DynamicImage, format: ImageFormat) -> Result<Picture, NotShown> {
    let mut out = Vec::new();
    // A photograph stays one; everything else keeps its sharp edges and what can be seen through.
    let photograph = format == ImageFormat::Jpeg
        || (format == ImageFormat::WebP && !picture.color().has_alpha());
    let (mime, written) = if photograph {
        let flat = DynamicImage::ImageRgb8(picture.to_rgb8());
        (
            "image/jpeg",
            flat.write_with_encoder(JpegEncoder::new_with_quality(&mut out, 88)),
        )
    } else {
        let flat = DynamicImage::ImageRgba8(picture.to_rgba8());
        (
            "image/png",
            flat.write_with_encoder(PngEncoder::new_with_quality(
                &mut out,
                CompressionType::Fast,
                FilterType::Adaptive,
            )),
        )
    };
    written.map_err(|e| refused(&e))?;
    Ok(Picture { mime, bytes: out })
}

fn refused(e: &image::ImageError) -> NotShown {
    match e {
        image::ImageError::Limits(_) => NotShown::TooLarge,
        image::ImageError::Unsupported(_) => NotShown::Kind,
        _ => NotShown::Damaged,
    }
}

/// The kind of picture, told by its first bytes alone.
fn kind(bytes: &[u8]) -> Option<ImageFormat> {
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(ImageFormat::Png)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(ImageFormat::Jpeg)
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Some(ImageFormat::Gif)
    } else {
        webp.then_some(ImageFormat::WebP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    fn made(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let picture = RgbaImage::from_fn(width, height, |x, y| {
            Rgba([(x % 256) as u8, (y % 256) as u8, 7, 255])
        });
        let picture = DynamicImage::ImageRgba8(picture);
        let mut out = Cursor::new(Vec::new());
        let picture = if format == ImageFormat::Jpeg {
            DynamicImage::ImageRgb8(picture.to_rgb8())
        } else {
            picture
        };
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    #[test]
    fn the_four_kinds_are_drawn_anew_and_nothing_rides_along() {
        for (format, mime) in [
            (ImageFormat::Png, "image/png"),
            (ImageFormat::Jpeg, "image/jpeg"),
            (ImageFormat::Gif, "image/png"),
            (ImageFormat::WebP, "image/png"),
        ] {
            let mut bytes = made(20, 10, format);
            bytes.extend(b"<script>alert(1)</script>");
            let drawn = redrawn(&bytes).unwrap();
            assert_eq!(drawn.mime, mime, "{format:?}");
            assert!(!drawn.bytes.windows(7).any(|w| w == b"<script"));
            let again = image::load_from_memory(&drawn.bytes).unwrap();
            assert_eq!((again.width(), again.height()), (20, 10));
        }
    }

    #[test]
    fn what_is_no_picture_of_these_is_not_drawn() {
        for bytes in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7",
            b"BM......",
            b"<html>",
            b"RIFF....WAVE",
        ] {
            assert_eq!(redrawn(bytes), Err(NotShown::Kind));
        }
        for start in [
            &b"\x89PNG\r\n\x1a\nrest"[..],
            b"\xff\xd8\xff\xe0",
            b"GIF89a",
            b"RIFF\0\0\0\0WEBPVP8 ",
        ] {
            assert!(redrawn(start).is_err());
        }
        let cut = made(64, 64, ImageFormat::Png);
        assert_eq!(redrawn(&cut[..cut.len() / 2]), Err(NotShown::Damaged));
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_read() {
        // The header of a GIF of 65,000 by 65,000, and nothing else.
        let mut gif = b"GIF89a".to_vec();
        gif.extend(65_000u16.to_le_bytes());
        gif.extend(65_000u16.to_le_bytes());
        gif.extend([0, 0, 0, 0x2c, 0, 0, 0, 0]);
        gif.extend(65_000u16.to_le_bytes());
        gif.extend(65_000u16.to_le_bytes());
        gif.extend([0, 2, 1, 0, 0, 0x3b]);
        assert_eq!(redrawn(&gif), Err(NotShown::TooLarge));
    }

    #[test]
    fn a_wide_picture_is_made_smaller() {
        let drawn = redrawn(&made(3_000, 10, ImageFormat::Jpeg)).unwrap();
        assert_eq!(
            image::load_from_memory(&drawn.bytes).unwrap().width(),
            LONGEST_SIDE
        );
    }
}
