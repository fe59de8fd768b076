//! The story as a page that needs nothing else: the picture, and tables that say the same in words and figures.

use std::fmt::Write as _;

use portolan_engine::resolve::Record;
use portolan_ledger::record::ActId;
use portolan_ledger::register::{Event, Measure, Said};
use portolan_ledger::{Instant, Side};

use crate::picture;
use crate::story::{Change, Story, stretches};

/// How the page looks: on a screen and on paper, by the reader's own fonts.
const STYLE: &str = "\
body{font-family:sans-serif;line-height:1.4;color:#1a1a1a;background:#fff;max-width:1400px;margin:0 auto;padding:1rem}\
svg{width:100%;height:auto}table{border-collapse:collapse;width:100%;margin:0 0 2rem}\
caption{text-align:left;font-weight:bold;font-size:1.15rem;padding:.5rem 0}\
th,td{border-top:1px solid #bbb;padding:.35rem .6rem;text-align:left;vertical-align:top}\
td.figure,th.figure{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
.faint{color:#595959}ul{margin:0;padding-left:1.1rem}a{color:inherit}\
@media print{body{max-width:none;padding:0}tr,figure{break-inside:avoid}}";

/// The whole page.
///
/// `cite` names an act as it is cited, `name` a record by its heading and label.
pub fn html(story: &Story<'_>, cite: &dyn Fn(ActId) -> String, name: &dyn Fn(Record) -> String) -> String {
    let mut page = Html { text: String::new(), story, cite, name };
    page.whole();
    page.text
}

struct Html<'p, 'l> {
    text: String,
    story: &'p Story<'l>,
    cite: &'p dyn Fn(ActId) -> String,
    name: &'p dyn Fn(Record) -> String,
}

/// A text as it stands in a page.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

impl Html<'_, '_> {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn whole(&mut self) {
        let title = escape(&picture::title(self.story));
        self.put("<!DOCTYPE html>");
        self.put("<html lang=\"en\">");
        let view = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
        self.put(&format!("<head><meta charset=\"utf-8\">{view}<title>{title}</title><style>{STYLE}</style></head>"));
        self.put("<body>");
        self.put(&format!("<h1>{title}</h1>"));
        self.put(&format!("<p>{}</p>", escape(&picture::subtitle(self.story))));
        let contents = [
            ("rates", "Rates"),
            ("events", "Events and accounts"),
            ("measures", "Measures"),
            ("truces", "Truces"),
            ("acts", "Acts"),
        ];
        let links: Vec<String> = contents.iter().map(|(id, name)| format!("<a href=\"#{id}\">{name}</a>")).collect();
        self.put(&format!("<nav aria-label=\"Parts of this page\"><p>{}</p></nav>", links.join(" | ")));
        self.put("<figure>");
        let drawing = picture::svg(self.story);
        self.put(drawing.trim_end());
        self.put(&format!("<figcaption class=\"faint\">{}</figcaption>", escape(&picture::describe(self.story))));
        self.put("</figure>");
        self.rates();
        self.events();
        self.measures();
        self.truces();
        self.acts();
        self.put(&format!("<p class=\"faint\">Ledger {}.</p>", escape(&self.story.ledger.version)));
        self.put("</body>");
        self.put("</html>");
    }

    fn moment(&self, side: Side, at: Instant) -> String {
        self.story.ledger.clock(side).map_or(String::new(), |clock| clock.show(at))
    }

    fn head(&mut self, id: &str, caption: &str, columns: &[(&str, bool)]) {
        self.put(&format!("<table id=\"{id}\"><caption>{}</caption>", escape(caption)));
        let cells = columns.iter().map(|(name, figure)| {
            let class = if *figure { " class=\"figure\"" } else { "" };
            format!("<th scope=\"col\"{class}>{}</th>", escape(name))
        });
        let cells: String = cells.collect();
        self.put(&format!("<thead><tr>{cells}</tr></thead><tbody>"));
    }

    fn foot(&mut self) {
        self.put("</tbody></table>");
    }

    /// Every step of the lines of the picture.
    fn rates(&mut self) {
        let story = self.story;
        let good = format!("{} {}, %", story.asked.good_name, story.asked.good);
        for (order, side) in story.asked.between.into_iter().enumerate() {
            let (name, other) = (&story.asked.names[order], &story.asked.names[1 - order]);
            let caption = format!("{name}: what is added to the ordinary duty on goods of {other}");
            let id = if order == 0 { "rates" } else { "rates-2" };
            self.head(id, &caption, &[("From", false), ("Average of tariff lines, %", true), (&good, true)]);
            let rates = &story.rates[order];
            let mut moments: Vec<Instant> =
                rates.average.steps.iter().chain(&rates.good.steps).map(|step| step.at).collect();
            moments.sort_unstable();
            moments.dedup();
            let mut last = (String::new(), String::new());
            for at in moments {
                let level = |steps: &crate::rates::Steps| {
                    steps.steps.iter().rfind(|step| step.at <= at).map_or(String::new(), crate::rates::Step::percent)
                };
                let row = (level(&rates.average), level(&rates.good));
                if row == last {
                    continue;
                }
                let when = self.moment(side, at);
                self.put(&format!(
                    "<tr><th scope=\"row\">{when}</th><td class=\"figure\">{}</td><td class=\"figure\">{}</td></tr>",
                    row.0, row.1
                ));
                last = row;
            }
            self.foot();
        }
    }

    /// Events, the accounts of both sides beside each other.
    fn events(&mut self) {
        let story = self.story;
        let [one, other] = story.asked.names.each_ref().map(|name| format!("{name} says"));
        let columns = [
            ("No.", true),
            ("Day", false),
            ("What", false),
            (one.as_str(), false),
            (other.as_str(), false),
            ("Sources", false),
        ];
        self.head("events", "Events, with each side's account under its own name", &columns);
        for (index, event) in story.events.iter().enumerate() {
            self.event(index, event);
        }
        self.foot();
    }

    fn event(&mut self, index: usize, event: &Event) {
        let until = event.until.map_or(String::new(), |until| format!(" to {until}"));
        let outcome = event.outcome.as_ref().map_or(String::new(), |outcome| format!("<br>{}", escape(outcome)));
        let place = event.place_name.as_ref().map_or(String::new(), |place| format!(", {}", escape(place)));
        let accounts = self.story.asked.between.map(|side| {
            let own = event.claims.iter().filter(|claim| claim.by.side == side);
            let points: String = own.map(|claim| ["<li>", &point(claim), "</li>"].concat()).collect();
            if points.is_empty() {
                "<span class=\"faint\">no account recorded</span>".to_owned()
            } else {
                format!("<ul>{points}</ul>")
            }
        });
        self.put(&format!(
            "<tr id=\"event-{no}\"><td class=\"figure\">{no}</td><th scope=\"row\">{on}{until}</th><td><strong>{title}</strong> \
             ({kind}{place}){outcome}</td><td>{first}</td><td>{second}</td><td>{sources}</td></tr>",
            no = index + 1,
            on = event.on,
            title = escape(&event.title),
            kind = event.kind.name(),
            first = accounts[0],
            second = accounts[1],
            sources = sources(event.source.iter().chain(event.claims.iter().map(|claim| &claim.source))),
        ));
    }

    /// Measures, with how each stood through the time told.
    fn measures(&mut self) {
        let story = self.story;
        let columns =
            [("Whose", false), ("Measure", false), ("How it stood", false), ("Accounts", false), ("Sources", false)];
        self.head("measures", "Measures that are no tariffs", &columns);
        for measure in &story.measures {
            self.measure(measure);
        }
        self.foot();
    }

    fn measure(&mut self, measure: &Measure) {
        let story = self.story;
        let mut stood = String::new();
        for stretch in stretches(measure, story.asked.known, story.span(measure.side)) {
            let from = if stretch.begins { "from" } else { "in force already at" };
            let from = if stretch.begins || stretch.state.name() == "imposed" { from } else { "already at" };
            let says = stretch.row.says.as_ref().filter(|_| !stretch.ran_out);
            let says = says.map_or(String::new(), |says| format!(": {}", escape(says)));
            let ran_out = if stretch.ran_out { " by its own text, its term having ended" } else { "" };
            let at = self.moment(measure.side, stretch.from);
            let _ = write!(stood, "<li>{}, {from} {at}{ran_out}{says}</li>", stretch.state.name());
        }
        let mut accounts = String::new();
        for account in &measure.accounts {
            let by = escape(&story.ledger.actor(&account.by));
            let _ = write!(accounts, "<li>{by}, {}: {}</li>", account.on, escape(&account.says));
        }
        let rows = measure.statuses.iter().flat_map(|row| &row.source);
        self.put(&format!(
            "<tr><td>{side}</td><th scope=\"row\">{title}<br><span class=\"faint\">{instrument}</span></th><td><ul>{stood}</ul></td>\
             <td><ul>{accounts}</ul></td><td>{sources}</td></tr>",
            side = escape(story.name(measure.side)),
            title = escape(&measure.title),
            instrument = escape(&measure.instrument),
            sources = sources(measure.source.iter().chain(rows)),
        ));
    }

    fn truces(&mut self) {
        let story = self.story;
        self.head(
            "truces",
            "Truces and suspensions of tariffs",
            &[("Whose", false), ("What", false), ("Terms", false)],
        );
        for truce in &story.truces {
            let mut terms = String::new();
            for term in &truce.terms {
                let from = self.moment(truce.side, term.from);
                let until = term
                    .until
                    .map_or("no end stated".to_owned(), |until| format!("until {}", self.moment(truce.side, until)));
                let _ = write!(terms, "<li>from {from} {until}: {}</li>", escape(&(self.cite)(term.act)));
            }
            if let Some((at, act)) = truce.ceased {
                let at = self.moment(truce.side, at);
                let _ =
                    write!(terms, "<li>nothing beneath it is collected from {at}: {}</li>", escape(&(self.cite)(act)));
            }
            let (side, title) = (escape(story.name(truce.side)), escape(truce.title()));
            self.put(&format!("<tr><td>{side}</td><th scope=\"row\">{title}</th><td><ul>{terms}</ul></td></tr>"));
        }
        self.foot();
    }

    /// Acts, with all that each changed.
    fn acts(&mut self) {
        let story = self.story;
        let columns = [("From", false), ("Whose", false), ("Act", false), ("What it changes", false)];
        self.head("acts", "Acts that changed what is owed", &columns);
        for act in &story.acts {
            let mut changes = String::new();
            for change in &act.changes {
                let text = match change {
                    Change::Rate { provision, before, after } => {
                        format!("{}: {before} to {after}", (self.name)(Record::Provision(*provision)))
                    }
                    Change::Exception { exception, begins } => {
                        let verb = if *begins { "begins" } else { "ends" };
                        format!("exception {verb}: {}", (self.name)(Record::Exception(*exception)))
                    }
                    Change::Rows { list, begins, count } => {
                        format!("{list}: {count} {}", if *begins { "begin" } else { "end" })
                    }
                };
                let _ = write!(changes, "<li>{}</li>", escape(&text));
            }
            let at = self.moment(act.side, act.at);
            self.put(&format!(
                "<tr><th scope=\"row\">{at}</th><td>{}</td><td>{}</td><td><ul>{changes}</ul></td></tr>",
                escape(story.name(act.side)),
                escape(&(self.cite)(act.act)),
            ));
        }
        self.foot();
    }
}

/// A point of an account, with who made it where it was somebody of the side.
fn point(claim: &Said) -> String {
    let who = claim.by.who.as_ref().map_or(String::new(), |who| format!("{}: ", escape(who)));
    format!("{who}{} <span class=\"faint\">({})</span>", escape(&claim.says), claim.kind.name())
}

/// Sources, each once; addresses as links.
fn sources<'s>(all: impl Iterator<Item = &'s String>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut text = String::new();
    for source in all {
        if seen.contains(&source.as_str()) {
            continue;
        }
        seen.push(source);
        let host = source.strip_prefix("https://").or_else(|| source.strip_prefix("http://"));
        let shown = host.map_or_else(
            || escape(source),
            |rest| format!("<a href=\"{}\">{}</a>", escape(source), escape(rest.split('/').next().unwrap_or(rest))),
        );
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&shown);
    }
    text
}

#[cfg(test)]
mod tests {
    use portolan_engine::Law;
    use portolan_ledger::Day;

    use super::*;
    use crate::rates::{Step, Steps};
    use crate::story::{Asked, SideRates};

    #[test]
    fn a_page_needs_nothing_else_and_says_both_accounts() {
        let ledger = portolan_law::ledger().unwrap();
        let law = Law::new(&ledger, None);
        let day = |text: &str| Day::parse_iso(text.as_bytes()).unwrap();
        let asked = Asked {
            between: [Side(0), Side(1)],
            names: ["United <States>".to_owned(), "China".to_owned()],
            from: day("2025-05-28"),
            to: day("2025-06-05"),
            known: day("2026-11-22"),
            good: "9403.60.80".parse().unwrap(),
            good_name: "Wooden furniture".to_owned(),
            averages: false,
            supposed: Vec::new(),
        };
        let steps = |at: i64| Steps {
            steps: vec![Step { at: Instant(at), low: 1_000_000, high: 1_000_000 }],
            lines: 1,
            open: 0,
            unpriced: 0,
        };
        let rates = || SideRates { average: steps(1_748_000_000), good: steps(1_749_000_000) };
        let story = Story::with_rates(&law, asked, [rates(), rates()]).unwrap();
        let cite = |act: ActId| ledger.act(act).cite.clone();
        let page = html(&story, &cite, &|_| "a record".to_owned());
        assert!(!page.contains("<States>") && page.contains("United &lt;States&gt;"));
        for outside in ["<script", "<link", "<img", "@import", "url(http", "src="] {
            assert!(!page.contains(outside), "the page loads nothing: {outside}");
        }
        for said in ["There should be no further question about rare earths", "Rare earths are not mentioned"] {
            assert!(page.contains(said), "{said}");
        }
        for tag in ["table", "tr", "ul", "li", "figure", "td", "th", "svg"] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag} is closed as often as it is opened");
        }
    }
}
