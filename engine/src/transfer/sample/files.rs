//! Small real files, made here: a picture, a paper, a table.

use super::dice::Dice;
use super::words::FileKind;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;

const WIDE: u32 = 320;
const HIGH: u32 = 220;

/// The pictures, drawn once.
pub(super) struct Files {
    pictures: Vec<String>,
}

impl Files {
    pub(super) fn new() -> Self {
        let hues = [[214, 158, 46], [92, 128, 98], [146, 92, 74], [74, 104, 150]];
        Self {
            pictures: hues.into_iter().map(|h| base64(&lamp(h))).collect(),
        }
    }

    /// A file of this kind about this order, as it stands in a line.
    pub(super) fn file(&self, kind: FileKind, order: &str, dice: &mut Dice) -> Value {
        match kind {
            FileKind::Picture => json!({
                "name": format!("IMG_{}.png", dice.between(1_000, 9_999)),
                "mime": "image/png",
                "content": self.picture(dice),
            }),
            FileKind::Paper => json!({
                "name": format!("{order}.pdf"),
                "mime": "application/pdf",
                "content": base64(&paper(order)),
            }),
            FileKind::Table => json!({
                "name": "list.csv",
                "mime": "text/csv",
                "content": base64(table(dice).as_bytes()),
            }),
        }
    }

    /// One of the pictures, base64.
    pub(super) fn picture(&self, dice: &mut Dice) -> &str {
        let n = dice.below(self.pictures.len());
        self.pictures.get(n).map_or("", String::as_str)
    }
}

pub(super) fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// A hanging lamp before a wall, with its light below it.
fn lamp(hue: [u8; 3]) -> Vec<u8> {
    let picture = RgbImage::from_fn(WIDE, HIGH, |x, y| {
        let (dx, dy) = (i64::from(x) - 160, i64::from(y) - 110);
        let shade = (60..110).contains(&y) && dx.abs() <= i64::from(y) - 40;
        if x.abs_diff(160) < 2 && y < 62 {
            Rgb([40, 40, 44])
        } else if shade {
            Rgb(hue)
        } else {
            // Light falls off with the distance, and none of it goes up.
            let far = u32::try_from(dx * dx + dy * dy).unwrap_or(u32::MAX) / 160;
            let lit = if y < 110 {
                0
            } else {
                190u32.saturating_sub(far)
            };
            let lit = u8::try_from(lit / 2).unwrap_or(u8::MAX);
            Rgb([58 + lit, 60 + lit, 70 + lit / 2])
        }
    });
    let mut out = Cursor::new(Vec::new());
    // Memory takes every picture; were it otherwise, the file would be shown as one that cannot be drawn.
    let _ = picture.write_to(&mut out, ImageFormat::Png);
    out.into_inner()
}

/// A page of PDF 1.4 with a title and a line.
fn paper(order: &str) -> Vec<u8> {
    let shown = format!(
        "BT /F1 24 Tf 72 760 Td (Glimmer & Birch) Tj 0 -40 Td /F1 14 Tf ({order}) Tj 0 -24 Td (Sample paper: nothing here is real.) Tj ET"
    );
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{shown}\nendstream", shown.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (n, body) in (1..).zip(&objects) {
        places.push(out.len());
        out.push_str(&format!("{n} 0 obj\n{body}\nendobj\n"));
    }
    let index = out.len();
    out.push_str(&format!(
        "xref\n0 {}\n0000000000 65535 f \n",
        objects.len() + 1
    ));
    for place in places {
        out.push_str(&format!("{place:010} 00000 n \n"));
    }
    out.push_str(&format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{index}\n%%EOF\n",
        objects.len() + 1
    ));
    out.into_bytes()
}

fn table(dice: &mut Dice) -> String {
    let mut out = String::from("article,pieces,price\n");
    for name in super::cast::ITEMS {
        if dice.chance(60) {
            out.push_str(&format!(
                "{name},{},{}.00\n",
                dice.between(2, 24),
                dice.between(79, 420)
            ));
        }
    }
    out
}
