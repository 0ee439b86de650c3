//! JSON as a page shows it: on one line where there is room, else broken at its outermost brackets.

use e2e::Value;

/// Longest line.
const WIDTH: usize = 118;

pub(crate) fn laid_out(doc: &Value) -> String {
    broken(doc, 0, 0)
}

/// `used` characters of the line are taken already, at its beginning or its end.
fn broken(doc: &Value, indent: usize, used: usize) -> String {
    let flat = spaced(doc);
    if flat.chars().count() + indent + used <= WIDTH {
        return flat;
    }
    let inner = " ".repeat(indent + 2);
    let (open, close, parts): (char, char, Vec<String>) = match doc {
        Value::Array(rows) => {
            ('[', ']', rows.iter().map(|row| format!("{inner}{}", broken(row, indent + 2, 1))).collect())
        }
        Value::Object(fields) => ('{', '}', {
            let line = |(key, value): (&String, &Value)| {
                let name = format!("{}: ", Value::from(key.as_str()));
                format!("{inner}{name}{}", broken(value, indent + 2, name.len() + 1))
            };
            packed(fields.iter().map(line).collect())
        }),
        _ => return flat,
    };
    format!("{open}\n{}\n{}{close}", parts.join(",\n"), " ".repeat(indent))
}

/// Short fields share a line.
fn packed(lines: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in lines {
        match out.last_mut() {
            Some(last)
                if !last.contains('\n')
                    && !line.contains('\n')
                    && last.chars().count() + line.trim_start().chars().count() < WIDTH - 2 =>
            {
                last.push_str(", ");
                last.push_str(line.trim_start());
            }
            _ => out.push(line),
        }
    }
    out
}

/// One line, with a space behind commas and colons.
fn spaced(doc: &Value) -> String {
    match doc {
        Value::Array(rows) => format!("[{}]", rows.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), spaced(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
