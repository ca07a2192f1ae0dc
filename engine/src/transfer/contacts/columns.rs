//! What a column holds, by its title: in the languages and spellings of the programs that write such tables.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum ContactUse {
    /// Left out.
    Ignore,
    /// Mail addresses; several are one customer.
    Email,
    /// Phone numbers that take text messages.
    Phone,
    /// Phone numbers on WhatsApp.
    Whatsapp,
    /// The whole name.
    Name,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// Tags.
    Tags,
    /// A note, with the column's title where it says more than *note*.
    Note,
    /// The country, two letters: where phone numbers without its code were written.
    Country,
}

/// Titles of a customer's company. It is a note, and says more than that.
const COMPANY: &[&str] = &[
    "company",
    "firma",
    "organization",
    "organisation",
    "organisationname",
    "organizationname",
    "entreprise",
    "societe",
    "empresa",
    "azienda",
    "bedrijf",
    "foretag",
    "компания",
    "公司",
    "会社",
    "회사",
];

/// Titles as [`key`] makes them. What only begins so counts too where it is marked with a star.
const TITLES: &[(ContactUse, &[&str])] = &[
    (
        ContactUse::Email,
        &[
            "email*",
            "mail",
            "mailaddress",
            "emailadresse*",
            "adresseemail*",
            "adresseelectronique",
            "courriel",
            "correo",
            "correoelectronico*",
            "emailaddress*",
            "epost*",
            "sahkoposti*",
            "indirizzoemail",
            "postaelettronica",
            "correioeletronico",
            "correioelectronico",
            "mejl",
            "poczta",
            "adresemail",
            "adresaemail",
            "eposta*",
            "электроннаяпочта",
            "почта",
            "емейл",
            "имейл",
            "邮箱",
            "电子邮件",
            "電子郵件",
            "メール",
            "メールアドレス",
            "이메일",
            "البريدالالكتروني",
            "ηλεκτρονικηδιευθυνση",
            "primaryemail",
            "workemail",
            "homeemail",
            "customeremail",
            "emailprivat",
            "mailprivat",
            "kundenmail",
            "adresmailowy",
        ],
    ),
    (ContactUse::Whatsapp, &["whatsapp*", "wa", "wanumber"]),
    (
        ContactUse::Phone,
        &[
            "phone*",
            "telephone*",
            "telefon*",
            "tel",
            "telnr",
            "telno",
            "mobile*",
            "mobil*",
            "cell",
            "cellphone",
            "handy*",
            "gsm",
            "rufnummer",
            "telefoon*",
            "portable",
            "numerodetelephone",
            "telefono*",
            "movil",
            "celular",
            "cellulare",
            "telefone*",
            "telemovel",
            "puhelin*",
            "puhelinnumero",
            "matkapuhelin",
            "komorka",
            "numertelefonu",
            "телефон*",
            "мобильный*",
            "电话",
            "手机",
            "手机号",
            "電話",
            "電話番号",
            "携帯",
            "전화",
            "전화번호",
            "هاتف",
            "رقمالهاتف",
            "جوال",
            "τηλεφωνο",
            "κινητο",
            "workphone",
            "homephone",
            "businessphone",
            "mobilephone",
            "primaryphone",
            "sms",
            "phonenumber*",
        ],
    ),
    (
        ContactUse::FirstName,
        &[
            "firstname",
            "givenname",
            "forename",
            "vorname",
            "prenom",
            "nombredepila",
            "voornaam",
            "fornamn",
            "fornavn",
            "etunimi",
            "imie",
            "имя",
            "名",
            "prenume",
            "jmeno",
            "keresztnev",
            "first",
        ],
    ),
    (
        ContactUse::LastName,
        &[
            "lastname",
            "surname",
            "familyname",
            "nachname",
            "familienname",
            "nomdefamille",
            "apellido",
            "apellidos",
            "cognome",
            "sobrenome",
            "apelido",
            "achternaam",
            "efternamn",
            "etternavn",
            "efternavn",
            "sukunimi",
            "nazwisko",
            "фамилия",
            "姓",
            "prijmeni",
            "soyad",
            "soyadi",
            "vezeteknev",
            "last",
        ],
    ),
    (
        ContactUse::Name,
        &[
            "name",
            "fullname",
            "displayname",
            "contactname",
            "customername",
            "customer",
            "contact",
            "kunde",
            "kundenname",
            "nom",
            "nomcomplet",
            "nombre",
            "nombrecompleto",
            "nome",
            "nomecompleto",
            "naam",
            "namn",
            "navn",
            "nimi",
            "imieinazwisko",
            "nazwa",
            "фио",
            "имяифамилия",
            "полноеимя",
            "клиент",
            "姓名",
            "名字",
            "氏名",
            "名前",
            "성명",
            "이름",
            "الاسم",
            "ονομα",
            "ad",
            "adsoyad",
            "client",
            "cliente",
            "klant",
            "asiakas",
            "kund",
            "person",
            "ansprechpartner",
            "nev",
        ],
    ),
    (
        ContactUse::Tags,
        &[
            "tag",
            "tags",
            "label*",
            "labels",
            "groups",
            "group",
            "groupmembership",
            "gruppe",
            "gruppen",
            "etiquette*",
            "etiquetas",
            "etiqueta",
            "etichette",
            "etichetta",
            "etiketten",
            "etikett*",
            "kategorie*",
            "category",
            "categories",
            "categorie*",
            "categoria*",
            "schlagwort",
            "schlagworte",
            "stichwort",
            "stichworte",
            "segment",
            "метки",
            "теги",
            "标签",
            "標籤",
            "タグ",
            "태그",
            "tunnisteet",
            "etykiety",
            "tagi",
            "etiketler",
        ],
    ),
    (
        ContactUse::Note,
        &[
            "note",
            "notes",
            "notiz",
            "notizen",
            "comment",
            "comments",
            "remark",
            "remarks",
            "bemerkung",
            "bemerkungen",
            "kommentar*",
            "commentaire*",
            "remarque*",
            "nota",
            "notas",
            "commento",
            "commenti",
            "comentario*",
            "opmerking*",
            "anteckning*",
            "notat",
            "notater",
            "huomautus",
            "uwagi",
            "примечание",
            "комментарий",
            "备注",
            "備考",
            "メモ",
            "비고",
            "ملاحظات",
            "σημειωσεις",
            "poznamka",
            "notlar",
        ],
    ),
    (ContactUse::Note, COMPANY),
    (
        ContactUse::Country,
        &[
            "country",
            "countrycode",
            "land",
            "landcode",
            "laendercode",
            "landercode",
            "pays",
            "codepays",
            "pais",
            "codigopais",
            "paese",
            "maa",
            "kraj",
            "страна",
            "国家",
            "国",
            "국가",
            "ulke",
        ],
    ),
];

/// A title without case, accents and signs.
fn key(title: &str) -> String {
    title
        .nfkd()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .replace('ß', "ss")
}

/// What a column of this title holds.
#[must_use]
pub fn by_title(title: &str) -> Option<ContactUse> {
    let key = key(title);
    // Google's "E-mail 1 - Value", "Phone 2 - Value"; its labels hold no address.
    if key.ends_with("label") && key != "label" || key.ends_with("type") {
        return None;
    }
    let bare = key
        .trim_end_matches("value")
        .trim_end_matches(|c: char| c.is_ascii_digit());
    if bare.is_empty() {
        return None;
    }
    let fits = |t: &&str| match key_of(t) {
        (known, true) => bare.starts_with(known.as_str()),
        (known, false) => bare == known || key == known,
    };
    TITLES
        .iter()
        .find(|(_, all)| all.iter().any(&fits))
        .map(|(u, _)| *u)
}

fn key_of(t: &str) -> (String, bool) {
    match t.strip_suffix('*') {
        Some(t) => (key(t), true),
        None => (key(t), false),
    }
}

/// What a column without a title that is known seems to hold, by its cells.
#[must_use]
pub fn by_cells<'a>(cells: impl Iterator<Item = &'a str>) -> Option<ContactUse> {
    let filled: Vec<&str> = cells.filter(|c| !c.is_empty()).take(50).collect();
    let most = |f: &dyn Fn(&str) -> bool| {
        !filled.is_empty() && filled.iter().filter(|c| f(c)).count() * 10 >= filled.len() * 8
    };
    if most(&|c| crate::model::email_key(c).is_some() && c.contains('@')) {
        Some(ContactUse::Email)
    } else if most(&|c| c.starts_with('+') && crate::model::phone::phone_key(c, "").is_some()) {
        Some(ContactUse::Phone)
    } else {
        None
    }
}

/// Whether a note of this column needs no title before it.
#[must_use]
pub fn is_plain_note(title: &str) -> bool {
    by_title(title) == Some(ContactUse::Note) && !COMPANY.contains(&key(title).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_understood_in_many_languages_and_spellings() {
        use ContactUse::*;
        for (title, holds) in [
            ("E-Mail", Email),
            ("e-mail 1 - value", Email),
            ("Email Address", Email),
            ("E-Mail-Adresse", Email),
            ("Adresse e-mail", Email),
            ("Correo electrónico", Email),
            ("Sähköposti", Email),
            ("Электронная почта", Email),
            ("メールアドレス", Email),
            ("Telefon (privat)", Phone),
            ("Téléphone", Phone),
            ("Phone 2 - Value", Phone),
            ("Handynummer", Phone),
            ("手机", Phone),
            ("WhatsApp-Nummer", Whatsapp),
            ("Vorname", FirstName),
            ("First Name", FirstName),
            ("Nachname", LastName),
            ("Apellidos", LastName),
            ("Full name", Name),
            ("Nom", Name),
            ("ФИО", Name),
            ("Étiquettes", Tags),
            ("Kategorien", Tags),
            ("Notizen", Note),
            ("Company", Note),
            ("Land", Country),
        ] {
            assert_eq!(by_title(title), Some(holds), "{title}");
        }
        for nothing in [
            "",
            "Birthday",
            "E-mail 1 - Label",
            "Phone 1 - Type",
            "Strasse",
            "12",
        ] {
            assert_eq!(by_title(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_column_without_a_title_is_known_by_its_cells() {
        let of = |c: &[&str]| by_cells(c.iter().copied());
        assert_eq!(of(&["a@b.test", "", "c@d.test"]), Some(ContactUse::Email));
        assert_eq!(
            of(&["+49 30 2000000", "+4915123456789"]),
            Some(ContactUse::Phone)
        );
        assert_eq!(of(&["Anna", "Bo"]), None);
        assert_eq!(of(&["", ""]), None);
    }
}
