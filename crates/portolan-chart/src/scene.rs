//! A drawing as a list of shapes with their places, and the boxes that its texts and marks take.

use std::fmt::Write as _;

use svg::node::element::{Circle, Definitions, Description, Line, Path, Pattern, Rectangle, Text, Title};
use svg::{Document, Node};

use crate::font::{self, Unit, Weight};

/// A rectangle, its right and lower edges not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub left: Unit,
    /// Upper edge.
    pub top: Unit,
    /// Right edge.
    pub right: Unit,
    /// Lower edge.
    pub bottom: Unit,
}

impl Area {
    /// Whether two areas share a point.
    pub fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// Whether another lies wholly inside.
    pub fn holds(&self, other: &Self) -> bool {
        self.left <= other.left && other.right <= self.right && self.top <= other.top && other.bottom <= self.bottom
    }
}

/// Where a text stands against its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// How letters look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    /// Their size.
    pub size: Unit,
    /// How heavy.
    pub weight: Weight,
    /// Their colour.
    pub fill: &'static str,
}

/// How a shape is filled and drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    /// The colour, or the name of a pattern; none for an empty shape.
    pub fill: &'static str,
    /// The colour of its edge; `none` for none.
    pub stroke: &'static str,
    /// How thick the edge is.
    pub thick: Unit,
    /// Dashes, as the format writes them; empty for an unbroken line.
    pub dashes: &'static str,
}

impl Paint {
    /// A shape without an edge.
    pub const fn filled(fill: &'static str) -> Self {
        Self { fill, stroke: "none", thick: 0, dashes: "" }
    }

    /// A line.
    pub const fn line(stroke: &'static str, thick: Unit, dashes: &'static str) -> Self {
        Self { fill: "none", stroke, thick, dashes }
    }
}

/// A shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line of text at a point of its baseline.
    Text {
        /// Across.
        x: Unit,
        /// Down to the baseline.
        y: Unit,
        /// Against the point.
        anchor: Anchor,
        /// Its letters.
        face: Face,
        /// What it says.
        text: String,
    },
    /// A straight line.
    Line {
        /// From and to, across and down.
        ends: [Unit; 4],
        /// How it is drawn.
        paint: Paint,
    },
    /// A rectangle.
    Rectangle {
        /// Where.
        area: Area,
        /// How it is drawn.
        paint: Paint,
    },
    /// A circle.
    Circle {
        /// Across and down to its middle.
        middle: (Unit, Unit),
        /// Its radius.
        radius: Unit,
        /// How it is drawn.
        paint: Paint,
    },
    /// A line of steps, level first: points at which the level changes.
    Steps {
        /// The points, the first where the line begins.
        points: Vec<(Unit, Unit)>,
        /// Across to where it ends.
        end: Unit,
        /// How it is drawn.
        paint: Paint,
    },
}

/// An area that a text or mark takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where.
    pub area: Area,
    /// By what: the text, or the number of the mark.
    pub by: String,
}

/// A pattern of slanted lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hatch {
    /// Its name, by which a fill refers to it.
    pub id: &'static str,
    /// The colour of its lines.
    pub stroke: &'static str,
}

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// How wide.
    pub width: Unit,
    /// How high.
    pub height: Unit,
    /// Patterns that fills refer to.
    pub hatches: Vec<Hatch>,
    /// Shapes, the lowest first.
    pub shapes: Vec<Shape>,
    /// What texts and marks take.
    pub taken: Vec<Taken>,
    /// What lines of steps take: labels keep off it.
    pub drawn: Vec<Area>,
}

/// The area of a line of text.
pub fn area_of((x, y): (Unit, Unit), anchor: Anchor, face: Face, text: &str) -> Area {
    let width = font::width(text, face.size, face.weight);
    let left = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2,
        Anchor::End => x - width,
    };
    // Accents and descenders of common fonts lie within these.
    Area { left, top: y - face.size * 8 / 10, right: left + width, bottom: y + face.size * 22 / 100 }
}

impl Scene {
    /// Draws a shape.
    pub fn draw(&mut self, shape: Shape) {
        self.shapes.push(shape);
    }

    /// Writes a line of text, whether or not its area is free.
    pub fn write(&mut self, at: (Unit, Unit), anchor: Anchor, face: Face, text: &str) {
        if text.is_empty() {
            return;
        }
        self.taken.push(Taken { area: area_of(at, anchor, face, text), by: text.to_owned() });
        self.draw(Shape::Text { x: at.0, y: at.1, anchor, face, text: text.to_owned() });
    }

    /// Whether no text, mark or line of steps is in an area.
    pub fn is_free(&self, area: &Area) -> bool {
        !self.taken.iter().any(|taken| taken.area.meets(area)) && !self.drawn.iter().any(|drawn| drawn.meets(area))
    }

    /// Writes lines of text one below the other from a first baseline; gives the baseline after the last.
    pub fn lines(&mut self, x: Unit, first: Unit, face: Face, lead: Unit, lines: &[String]) -> Unit {
        let mut y = first;
        for line in lines {
            self.write((x, y), Anchor::Start, face, line);
            y += lead;
        }
        y
    }

    /// The drawing as an SVG document, with a title and a description for those who do not see it.
    pub fn svg(&self, title: &str, description: &str) -> String {
        let mut document = Document::new()
            .set("viewBox", format!("0 0 {} {}", px(self.width), px(self.height)))
            .set("width", px(self.width))
            .set("height", px(self.height))
            .set("role", "img")
            .set("aria-labelledby", "story-title story-description")
            .set("font-family", "sans-serif")
            .add(Title::new(title).set("id", "story-title"))
            .add(Description::new().set("id", "story-description").add(svg::node::Text::new(description)));
        let mut definitions = Definitions::new();
        for hatch in &self.hatches {
            let line = Line::new().set("x1", 0).set("y1", 0).set("x2", 0).set("y2", 4);
            let line = line.set("stroke", hatch.stroke).set("stroke-width", "2.4");
            let pattern = Pattern::new().set("id", hatch.id).set("width", 4).set("height", 4);
            let pattern = pattern.set("patternUnits", "userSpaceOnUse").set("patternTransform", "rotate(45)");
            definitions.append(pattern.add(line));
        }
        document.append(definitions);
        let paper = Rectangle::new().set("width", "100%").set("height", "100%").set("fill", "#FFFFFF");
        document.append(paper);
        for shape in &self.shapes {
            add(&mut document, shape);
        }
        format!("{document}\n")
    }
}

/// Tenths of a pixel as the format writes a number.
fn px(unit: Unit) -> String {
    let sign = if unit < 0 { "-" } else { "" };
    let (whole, part) = (unit.unsigned_abs() / 10, unit.unsigned_abs() % 10);
    if part == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn add(document: &mut Document, shape: &Shape) {
    match shape {
        Shape::Text { x, y, anchor, face, text } => {
            let mut node = Text::new(text.as_str()).set("x", px(*x)).set("y", px(*y));
            node = node.set("font-size", px(face.size)).set("fill", face.fill);
            if face.weight == Weight::Bold {
                node = node.set("font-weight", "bold");
            }
            match anchor {
                Anchor::Start => {}
                Anchor::Middle => node = node.set("text-anchor", "middle"),
                Anchor::End => node = node.set("text-anchor", "end"),
            }
            document.append(node);
        }
        Shape::Line { ends: [x1, y1, x2, y2], paint } => {
            let node = Line::new().set("x1", px(*x1)).set("y1", px(*y1)).set("x2", px(*x2)).set("y2", px(*y2));
            document.append(painted(node, *paint));
        }
        Shape::Rectangle { area, paint } => {
            let node = Rectangle::new().set("x", px(area.left)).set("y", px(area.top));
            let node = node.set("width", px(area.right - area.left)).set("height", px(area.bottom - area.top));
            document.append(painted(node, *paint));
        }
        Shape::Circle { middle, radius, paint } => {
            let node = Circle::new().set("cx", px(middle.0)).set("cy", px(middle.1)).set("r", px(*radius));
            document.append(painted(node, *paint));
        }
        Shape::Steps { points, end, paint } => {
            let mut way = String::new();
            for (index, (x, y)) in points.iter().enumerate() {
                let (x, y) = (px(*x), px(*y));
                let _ = if index == 0 { write!(way, "M{x} {y}") } else { write!(way, "H{x}V{y}") };
            }
            let node = Path::new().set("d", format!("{way}H{}", px(*end))).set("stroke-linejoin", "round");
            document.append(painted(node, *paint));
        }
    }
}

fn painted<N: Node>(mut node: N, paint: Paint) -> N {
    let fill = paint.fill.strip_prefix('@').map_or_else(|| paint.fill.to_owned(), |id| format!("url(#{id})"));
    node.assign("fill", fill);
    if paint.stroke != "none" {
        node.assign("stroke", paint.stroke);
        node.assign("stroke-width", px(paint.thick));
    }
    if !paint.dashes.is_empty() {
        node.assign("stroke-dasharray", paint.dashes);
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_the_bytes_are_the_same_twice() {
        let mut scene = Scene { width: 1000, height: 505, ..Scene::default() };
        let face = Face { size: 100, weight: Weight::Bold, fill: "#000000" };
        scene.write((10, 200), Anchor::End, face, "a < b & \"c\"");
        scene.draw(Shape::Steps { points: vec![(0, 0), (15, -7)], end: 20, paint: Paint::line("#000000", 25, "7 3") });
        let text = scene.svg("T & t", "D");
        assert_eq!(text, scene.svg("T & t", "D"));
        assert!(text.contains("a &lt; b &amp; \"c\"") && text.contains("T &amp; t"), "{text}");
        assert!(text.contains("M0 0H1.5V-0.7H2") && text.contains("viewBox=\"0 0 100 50.5\""), "{text}");
    }

    #[test]
    fn areas_that_only_touch_do_not_meet() {
        let area = |left, right| Area { left, top: 0, right, bottom: 10 };
        assert!(!area(0, 10).meets(&area(10, 20)) && area(0, 11).meets(&area(10, 20)));
        assert!(area(0, 20).holds(&area(5, 20)) && !area(0, 20).holds(&area(5, 21)));
    }
}
