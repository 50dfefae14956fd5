//! Takes the values of a `.env` file into the fields of a form.

use domain::dotenv::entries;
use serde::{Deserialize, Serialize};

use crate::form_field::FormField;

/// What a file says about the fields of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matched {
    /// A field and what it shall hold. One variable may have a field in several stacks.
    pub set: Vec<(FormField, String)>,
    /// Names that no field has.
    pub unknown: Vec<String>,
    /// Lines that cannot be read, each with its number.
    pub problems: Vec<String>,
}

/// Finds the field of each name, without regard to case.
#[must_use]
pub fn matched(text: &str, fields: &[FormField]) -> Matched {
    let read = entries(text);
    let mut found = Matched {
        problems: read.problems.iter().map(sentence).collect(),
        ..Matched::default()
    };
    for (name, value) in read.values {
        let before = found.set.len();
        let fits = |field: &&FormField| field.variable.eq_ignore_ascii_case(&name);
        let named = fields.iter().filter(fits);
        found
            .set
            .extend(named.map(|field| (field.clone(), value.clone())));
        if found.set.len() == before {
            found.unknown.push(name);
        }
    }
    found
}

fn sentence(error: &domain::dotenv::LineError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// What became of a file, for whoever imported it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Where values were set, and the names of what was set there.
    pub set: Vec<(String, Vec<String>)>,
    /// Secrets that a page must not carry: they have to be entered by hand.
    pub left_out: Vec<String>,
    pub unknown: Vec<String>,
    pub problems: Vec<String>,
}

/// Heading of the variables that all stacks get.
const SHARED: &str = "Shared variables";

impl Imported {
    /// Of what was matched. `carries_secrets` says whether the form can be given secrets.
    #[must_use]
    pub fn of(matched: &Matched, carries_secrets: bool) -> Self {
        let mut told = Self {
            unknown: matched.unknown.clone(),
            problems: matched.problems.clone(),
            ..Self::default()
        };
        for (field, _) in &matched.set {
            let name = field.variable.clone();
            if field.secret && !carries_secrets {
                told.left_out.push(name);
                continue;
            }
            let place = field.stack.clone().unwrap_or_else(|| SHARED.to_owned());
            match told.set.iter_mut().find(|(known, _)| *known == place) {
                Some((_, names)) => names.push(name),
                None => told.set.push((place, vec![name])),
            }
        }
        told
    }

    /// How many fields were set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.set.iter().map(|(_, names)| names.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form_field::{Place, deployment_name_field};

    fn field(place: Place, name: &str, stack: Option<&str>, secret: bool) -> FormField {
        FormField {
            place,
            variable: name.to_owned(),
            id: format!("{place:?}-{name}"),
            stack: stack.map(str::to_owned),
            secret,
            ..deployment_name_field()
        }
    }

    #[test]
    fn each_name_finds_its_fields_and_what_has_none_is_told() {
        let fields = [
            deployment_name_field(),
            field(Place::Shared, "DB_HOST", None, false),
            field(Place::Shared, "DB_PASSWORD", None, true),
            field(Place::Stack(0), "PORT", Some("Web"), false),
            field(Place::Stack(1), "PORT", Some("Api"), false),
        ];
        let text = "db_host=db\nPORT=80\nELSE=1\nDB_PASSWORD='x'\nA B=1\n";
        let found = matched(text, &fields);
        let set: Vec<_> = found
            .set
            .iter()
            .map(|(field, value)| (field.id.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            set,
            [
                ("Shared-DB_HOST", "db"),
                ("Stack(0)-PORT", "80"),
                ("Stack(1)-PORT", "80"),
                ("Shared-DB_PASSWORD", "x"),
            ]
        );
        assert_eq!(found.unknown, ["ELSE"]);
        assert_eq!(found.problems, ["Line 5: 'A B' is not a name."]);

        let told = Imported::of(&found, false);
        assert_eq!(told.count(), 3);
        assert_eq!(told.set[0], (SHARED.to_owned(), vec!["DB_HOST".to_owned()]));
        assert_eq!(told.left_out, ["DB_PASSWORD"]);
        assert_eq!(Imported::of(&found, true).count(), 4);
    }
}
