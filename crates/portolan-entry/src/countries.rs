//! Countries of ISO 3166-1 by their alpha-2 code, with XK for Kosovo, as customs uses it.

use portolan_ledger::record::Origin;

/// Code and short English name, in the order of the codes.
const COUNTRIES: &str = "\
AD Andorra|AE United Arab Emirates|AF Afghanistan|AG Antigua and Barbuda|AI Anguilla|AL Albania|AM Armenia|AO Angola|\
AQ Antarctica|AR Argentina|AS American Samoa|AT Austria|AU Australia|AW Aruba|AX Aland Islands|AZ Azerbaijan|\
BA Bosnia and Herzegovina|BB Barbados|BD Bangladesh|BE Belgium|BF Burkina Faso|BG Bulgaria|BH Bahrain|BI Burundi|\
BJ Benin|BL Saint Barthelemy|BM Bermuda|BN Brunei|BO Bolivia|BQ Bonaire, Sint Eustatius and Saba|BR Brazil|BS Bahamas|\
BT Bhutan|BV Bouvet Island|BW Botswana|BY Belarus|BZ Belize|CA Canada|CC Cocos Islands|CD Congo, Democratic Republic|\
CF Central African Republic|CG Congo|CH Switzerland|CI Cote d'Ivoire|CK Cook Islands|CL Chile|CM Cameroon|CN China|\
CO Colombia|CR Costa Rica|CU Cuba|CV Cabo Verde|CW Curacao|CX Christmas Island|CY Cyprus|CZ Czechia|DE Germany|\
DJ Djibouti|DK Denmark|DM Dominica|DO Dominican Republic|DZ Algeria|EC Ecuador|EE Estonia|EG Egypt|EH Western Sahara|\
ER Eritrea|ES Spain|ET Ethiopia|FI Finland|FJ Fiji|FK Falkland Islands|FM Micronesia|FO Faroe Islands|FR France|\
GA Gabon|GB United Kingdom|GD Grenada|GE Georgia|GF French Guiana|GG Guernsey|GH Ghana|GI Gibraltar|GL Greenland|\
GM Gambia|GN Guinea|GP Guadeloupe|GQ Equatorial Guinea|GR Greece|GS South Georgia|GT Guatemala|GU Guam|\
GW Guinea-Bissau|GY Guyana|HK Hong Kong|HM Heard and McDonald Islands|HN Honduras|HR Croatia|HT Haiti|HU Hungary|\
ID Indonesia|IE Ireland|IL Israel|IM Isle of Man|IN India|IO British Indian Ocean Territory|IQ Iraq|IR Iran|IS Iceland|\
IT Italy|JE Jersey|JM Jamaica|JO Jordan|JP Japan|KE Kenya|KG Kyrgyzstan|KH Cambodia|KI Kiribati|KM Comoros|\
KN Saint Kitts and Nevis|KP North Korea|KR South Korea|KW Kuwait|KY Cayman Islands|KZ Kazakhstan|LA Laos|LB Lebanon|\
LC Saint Lucia|LI Liechtenstein|LK Sri Lanka|LR Liberia|LS Lesotho|LT Lithuania|LU Luxembourg|LV Latvia|LY Libya|\
MA Morocco|MC Monaco|MD Moldova|ME Montenegro|MF Saint Martin|MG Madagascar|MH Marshall Islands|MK North Macedonia|\
ML Mali|MM Burma|MN Mongolia|MO Macau|MP Northern Mariana Islands|MQ Martinique|MR Mauritania|MS Montserrat|MT Malta|\
MU Mauritius|MV Maldives|MW Malawi|MX Mexico|MY Malaysia|MZ Mozambique|NA Namibia|NC New Caledonia|NE Niger|\
NF Norfolk Island|NG Nigeria|NI Nicaragua|NL Netherlands|NO Norway|NP Nepal|NR Nauru|NU Niue|NZ New Zealand|OM Oman|\
PA Panama|PE Peru|PF French Polynesia|PG Papua New Guinea|PH Philippines|PK Pakistan|PL Poland|\
PM Saint Pierre and Miquelon|PN Pitcairn|PR Puerto Rico|PS Palestine|PT Portugal|PW Palau|PY Paraguay|QA Qatar|\
RE Reunion|RO Romania|RS Serbia|RU Russia|RW Rwanda|SA Saudi Arabia|SB Solomon Islands|SC Seychelles|SD Sudan|SE Sweden|\
SG Singapore|SH Saint Helena|SI Slovenia|SJ Svalbard and Jan Mayen|SK Slovakia|SL Sierra Leone|SM San Marino|SN Senegal|\
SO Somalia|SR Suriname|SS South Sudan|ST Sao Tome and Principe|SV El Salvador|SX Sint Maarten|SY Syria|SZ Eswatini|\
TC Turks and Caicos Islands|TD Chad|TF French Southern Territories|TG Togo|TH Thailand|TJ Tajikistan|TK Tokelau|\
TL Timor-Leste|TM Turkmenistan|TN Tunisia|TO Tonga|TR Turkey|TT Trinidad and Tobago|TV Tuvalu|TW Taiwan|TZ Tanzania|\
UA Ukraine|UG Uganda|UM US Minor Outlying Islands|US United States|UY Uruguay|UZ Uzbekistan|VA Holy See|\
VC Saint Vincent and the Grenadines|VE Venezuela|VG British Virgin Islands|VI US Virgin Islands|VN Vietnam|VU Vanuatu|\
WF Wallis and Futuna|WS Samoa|XK Kosovo|YE Yemen|YT Mayotte|ZA South Africa|ZM Zambia|ZW Zimbabwe";

/// Countries as a set of bits, one for each pair of letters; made when the program is built.
const SET: [u64; 11] = set();

const fn set() -> [u64; 11] {
    let text = COUNTRIES.as_bytes();
    let mut bits = [0; 11];
    let mut at = 0;
    let mut first = true;
    while at + 1 < text.len() {
        if first {
            let index = (text[at] - b'A') as usize * 26 + (text[at + 1] - b'A') as usize;
            bits[index / 64] |= 1 << (index % 64);
        }
        first = text[at] == b'|';
        at += 1;
    }
    bits
}

/// Whether a code names a country.
pub fn is_country(origin: Origin) -> bool {
    let [a, b] = origin.0;
    if !a.is_ascii_uppercase() || !b.is_ascii_uppercase() {
        return false;
    }
    let index = usize::from(a - b'A') * 26 + usize::from(b - b'A');
    SET[index / 64] >> (index % 64) & 1 == 1
}

/// All countries with their short English names, in the order of the codes.
pub fn all() -> impl Iterator<Item = (Origin, &'static str)> {
    COUNTRIES.split('|').filter_map(|entry| {
        let (code, name) = entry.split_once(' ')?;
        Some((Origin::parse(code.as_bytes())?, name))
    })
}

/// What to write instead of a text that is no country's code, where that can be told.
pub fn advice(text: &str) -> Option<String> {
    let wanted = text.trim();
    match wanted.to_ascii_uppercase().as_str() {
        "UK" => return Some("the United Kingdom is GB".to_owned()),
        "EL" => return Some("Greece is GR".to_owned()),
        "EU" => return Some("the European Union is no origin of goods: give the member state".to_owned()),
        _ => {}
    }
    let named = all().find(|(_, name)| name.eq_ignore_ascii_case(wanted));
    named.map(|(origin, name)| format!("{name} is {origin}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_sorted() {
        let codes: Vec<Origin> = all().map(|(origin, _)| origin).collect();
        assert_eq!(codes.len(), 250, "249 of ISO 3166-1, and Kosovo");
        assert!(codes.is_sorted());
        assert!(codes.iter().all(|code| is_country(*code)));
        let found =
            (b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| Origin([a, b]))).filter(|o| is_country(*o)).count();
        assert_eq!(found, 250);
        for code in ["HK", "MO", "XK", "TW"] {
            assert!(is_country(Origin::parse(code.as_bytes()).unwrap()), "{code}");
        }
        assert!(!is_country(Origin(*b"XX")));
        assert!(!is_country(Origin(*b"cn")));
    }

    #[test]
    fn a_name_is_led_to_its_code() {
        assert_eq!(advice("germany").as_deref(), Some("Germany is DE"));
        assert_eq!(advice("UK").as_deref(), Some("the United Kingdom is GB"));
        assert_eq!(advice("Atlantis"), None);
    }
}
