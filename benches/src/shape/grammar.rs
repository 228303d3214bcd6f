//! Fields of numbers, with commas between: the first of axes, the others with a letter.

/// Most shapes that one text stands for.
const MAX_SHAPES: usize = 4096;

/// Numbers with `x` between, behind a letter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    letter: Option<char>,
    names: &'static [&'static str],
    /// How many of the numbers must be there, where the field is.
    least: usize,
    is_required: bool,
}

impl Field {
    /// The first field.
    pub(super) const fn axes(names: &'static [&'static str], least: usize) -> Self {
        Self { letter: None, names, least, is_required: true }
    }

    /// A field that must be there.
    pub(super) const fn required(letter: char, names: &'static [&'static str]) -> Self {
        Self { letter: Some(letter), names, least: 1, is_required: true }
    }

    /// A field that may be left out.
    pub(super) const fn option(letter: char, names: &'static [&'static str]) -> Self {
        Self { letter: Some(letter), names, least: 1, is_required: false }
    }

    /// The values of each of its numbers; none of those that are left out.
    fn values(&self, text: Option<&str>) -> Result<Vec<Vec<Option<usize>>>, String> {
        let mut values = match (text, self.letter) {
            (Some(text), _) => text.split('x').map(numbers).collect::<Result<Vec<_>, _>>()?,
            (None, Some(letter)) if self.is_required => return Err(format!("`{letter}` is missing")),
            (None, _) => vec![],
        };
        let (count, most) = (values.len(), self.names.len());
        if text.is_some() && !(self.least..=most).contains(&count) {
            let wanted =
                if self.least == most { most.to_string() } else { format!("from {} to {most}", self.least) };
            let names = self.names.join(", ");
            return Err(format!("{count} numbers where there should be {wanted} numbers ({names})"));
        }
        values.resize_with(most, || vec![None]);
        Ok(values)
    }
}

/// Every choice of the numbers of all fields, in order; the last number changes fastest.
pub(super) fn parse(fields: &[Field], text: &str) -> Result<Vec<Vec<Option<usize>>>, String> {
    let mut parts = text.split(',');
    let mut given: Vec<Option<&str>> = vec![parts.next()];
    given.resize(fields.len(), None);
    for part in parts {
        let own = |field: &Field| field.letter.is_some_and(|letter| part.starts_with(letter));
        let place = fields.iter().position(own).ok_or_else(|| format!("`{part}` is no part of a shape"))?;
        let letter = part.chars().next().unwrap_or_default();
        if given[place].replace(&part[letter.len_utf8()..]).is_some() {
            return Err(format!("`{letter}` is there twice"));
        }
    }
    let mut rows: Vec<Vec<Option<usize>>> = vec![vec![]];
    for (field, text) in fields.iter().zip(given) {
        for values in field.values(text)? {
            if rows.len().saturating_mul(values.len()) > MAX_SHAPES {
                return Err(too_many());
            }
            let longer = |row: &Vec<Option<usize>>| {
                values.iter().map(|&value| [row.as_slice(), &[value]].concat()).collect::<Vec<_>>()
            };
            rows = rows.iter().flat_map(longer).collect();
        }
    }
    Ok(rows)
}

fn too_many() -> String {
    format!("more than {MAX_SHAPES} shapes")
}

/// A list of numbers and ranges: `3/5/8..64*2`.
fn numbers(text: &str) -> Result<Vec<Option<usize>>, String> {
    let mut all = vec![];
    for part in text.split('/') {
        match part.split_once("..") {
            None => all.push(Some(number(part)?)),
            Some((first, rest)) => range(part, first, rest, &mut all)?,
        }
    }
    Ok(all)
}

/// `8..64`, `8..64+8` or `8..64*2`, both ends included.
fn range(part: &str, first: &str, rest: &str, all: &mut Vec<Option<usize>>) -> Result<(), String> {
    let (last, factor, step) = match (rest.split_once('*'), rest.split_once('+')) {
        (Some((last, factor)), _) => (last, number(factor)?, 0),
        (None, Some((last, step))) => (last, 1, number(step)?),
        (None, None) => (rest, 1, 1),
    };
    let (first, last) = (number(first)?, number(last)?);
    if step == 0 && factor < 2 {
        let what = if rest.contains('*') { "a factor is at least 2" } else { "a step is at least 1" };
        return Err(format!("`{part}`: {what}"));
    }
    if first > last || (first == 0 && factor > 1) {
        return Err(format!("`{part}` is empty or has no end"));
    }
    let mut at = Some(first);
    while let Some(value) = at.filter(|&value| value <= last) {
        if all.len() == MAX_SHAPES {
            return Err(too_many());
        }
        all.push(Some(value));
        at = value.checked_mul(factor).and_then(|value| value.checked_add(step));
    }
    Ok(())
}

/// `64` or `2^6`.
fn number(text: &str) -> Result<usize, String> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = match text.strip_prefix("2^") {
        Some(power) if is_digits(power) => power.parse().ok().and_then(|power| 1_usize.checked_shl(power)),
        None if is_digits(text) => text.parse().ok(),
        Some(_) | None => None,
    };
    value.ok_or_else(|| format!("`{text}` is no number"))
}
