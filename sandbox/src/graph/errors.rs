//! Refusals: codes of the vendor's table, and words in a language that the program does not speak.

use serde_json::json;

use crate::http::Response;

/// A refusal by code and subcode; 0 is none.
pub(super) fn failed(code: u32, sub: u32) -> Response {
    let (status, words) = match (code, sub) {
        (190, 463) => (401, "Sitzung abgelaufen: Bitte melde dich erneut an."),
        (190, _) => (401, "Ungültiges Zugriffstoken."),
        (10, 2_534_022 | 2_018_278) => (
            400,
            "Ce message est envoyé en dehors de la fenêtre autorisée.",
        ),
        (200, 2_534_041) => (403, "L'accès aux messages est désactivé."),
        (10 | 200..=299, _) => (403, "No se tiene permiso para esta acción."),
        (4 | 17 | 32 | 613, _) => (400, "Se ha alcanzado el límite de llamadas."),
        (100, 2_534_014 | 2_018_001) => (400, "لم يُعثر على المستلم."),
        (100, _) => (400, "Ungültiger Parameter."),
        (551, _) => (400, "Diese Person ist momentan nicht verfügbar."),
        (9_000_001, _) => (400, "Diese Nachricht wurde gelöscht."),
        (1 | 2, _) => (500, "Ein unbekannter Fehler ist aufgetreten."),
        _ => (400, "Die Anfrage wurde abgelehnt."),
    };
    of(status, code, sub, words)
}

/// A refusal with words of one's own.
pub(super) fn of(status: u16, code: u32, sub: u32, words: &str) -> Response {
    let mut error = json!({
        "message": format!("(#{code}) {words}"),
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUvW",
    });
    if sub > 0
        && let Some(error) = error.as_object_mut()
    {
        error.insert("error_subcode".into(), sub.into());
        error.insert("error_user_title".into(), "Hinweis".into());
        error.insert("error_user_msg".into(), words.into());
    }
    if matches!(code, 1 | 2)
        && let Some(error) = error.as_object_mut()
    {
        error.insert("is_transient".into(), true.into());
    }
    Response::json(status, &json!({ "error": error }))
}
