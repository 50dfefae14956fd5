//! The keys that the database names: the one that everything is written with, and those that something may still be encrypted with. Only
//! their ids are there, and a word that shows whether a key is the right one.
//!
//! Nothing is read or written before the program and the database agree: a server with another key would write what nobody else can
//! read.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::column::Columns;
use super::error::Act;
use super::{Store, StoreError};
use crate::secrets::{KeyId, KeyRing, Place, Sealer, SecretKey};

pub(super) const TABLE: &str = "secret_keys";
const CHECK: &str = "check_value";
/// The word that is encrypted with every key.
const WORD: &str = "windlass";

/// What the database says about keys.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// The key that everything is written with; none before the first start.
    pub(super) current: Option<RecordedKey>,
    /// Keys that something may still be encrypted with.
    pub(super) retiring: Vec<RecordedKey>,
}

/// A key that the database knows.
#[derive(Debug)]
pub(super) struct RecordedKey {
    pub(super) id: KeyId,
    check_value: String,
    /// Whether nothing is left that is stored otherwise.
    pub(super) is_complete: bool,
}

impl Recorded {
    /// Whether a change of keys, or of plain text to sealed values, was begun and not finished.
    pub(super) fn is_unfinished(&self) -> bool {
        !self.retiring.is_empty() || self.current.as_ref().is_some_and(|key| !key.is_complete)
    }

    /// What seals and opens, once every key is there that `needed` says.
    fn sealer(&self, ring: &KeyRing, needed: &[&RecordedKey]) -> Result<Sealer, StoreError> {
        let missing: Vec<&str> = needed
            .iter()
            .filter(|key| ring.get(&key.id).is_none())
            .map(|key| key.id.as_str())
            .collect();
        if !missing.is_empty() {
            return Err(StoreError::KeyMissing {
                missing: missing.join(" and "),
                found: ring.found(),
                unfinished: self.is_unfinished(),
            });
        }
        let current = self.current.as_ref().and_then(|key| ring.get(&key.id));
        let sealer = Sealer::new(current.cloned(), ring.keys().to_vec());
        for key in needed {
            let place = check_place(&key.id);
            match sealer.open(place, &key.check_value) {
                Ok(word) if word == WORD => {}
                _ => {
                    return Err(StoreError::KeyCheck {
                        id: key.id.to_string(),
                    });
                }
            }
        }
        Ok(sealer)
    }
}

impl Store {
    /// What the database says about keys.
    pub(super) async fn recorded_keys(&self) -> Result<Recorded, StoreError> {
        let rows = sqlx::query(
            "SELECT id, role, check_value, is_complete FROM secret_keys ORDER BY role, id",
        )
        .fetch_all(&self.reader)
        .await
        .act("read which keys are needed")?;
        let mut recorded = Recorded::default();
        for row in &rows {
            let (role, key) = recorded_key(row)?;
            match role {
                Role::Current => recorded.current = Some(key),
                Role::Retiring => recorded.retiring.push(key),
            }
        }
        Ok(recorded)
    }

    /// Agrees with the database on keys, to read and to write; a database that needs none gets its first one.
    pub(super) async fn unlock(&mut self, mut ring: KeyRing) -> Result<Recorded, StoreError> {
        let mut recorded = self.recorded_keys().await?;
        if recorded.current.is_none() {
            let first = ring.first_or_made()?.ok_or(StoreError::NoKey)?.clone();
            self.record_first_key(&first).await?;
            // Another server may have been faster.
            recorded = self.recorded_keys().await?;
        }
        self.take_up(&recorded, &ring).await?;
        Ok(recorded)
    }

    /// Agrees with the database on keys, to read only: nothing is made.
    pub(super) async fn unlock_to_read(&mut self, ring: &KeyRing) -> Result<(), StoreError> {
        let recorded = self.recorded_keys().await?;
        self.take_up(&recorded, ring).await
    }

    async fn take_up(&mut self, recorded: &Recorded, ring: &KeyRing) -> Result<(), StoreError> {
        let mut needed: Vec<&RecordedKey> = recorded.current.iter().collect();
        for key in &recorded.retiring {
            // One that nothing is encrypted with any more is not asked for.
            if ring.get(&key.id).is_some() || self.is_sealed_with(&key.id).await? {
                needed.push(key);
            }
        }
        self.sealer = recorded.sealer(ring, &needed)?.into();
        Ok(())
    }

    async fn record_first_key(&self, key: &SecretKey) -> Result<(), StoreError> {
        let mut tx = self.write("record the first key").await?;
        insert_current(&mut tx, key).await?;
        tx.commit().await
    }

    /// Makes a key the current one; the one before retires.
    pub(super) async fn change_key(&self, key: &SecretKey) -> Result<(), StoreError> {
        let act = "begin a change of keys";
        let mut tx = self.write(act).await?;
        sqlx::query("UPDATE secret_keys SET role = 'retiring' WHERE role = 'current'")
            .execute(&mut *tx)
            .await
            .act(act)?;
        // Where it goes back to one that is retiring.
        sqlx::query("DELETE FROM secret_keys WHERE id = $1")
            .bind(key.id().as_str())
            .execute(&mut *tx)
            .await
            .act(act)?;
        insert_current(&mut tx, key).await?;
        tx.commit().await
    }

    /// Nothing is encrypted with another key any more.
    pub(super) async fn forget_other_keys(&self, current: &KeyId) -> Result<(), StoreError> {
        let delete = sqlx::query(
            "DELETE FROM secret_keys WHERE role = 'retiring'
                 AND EXISTS (SELECT 1 FROM secret_keys k WHERE k.role = 'current' AND k.id = $1)",
        )
        .bind(current.as_str());
        self.write_one("forget a key", delete).await?;
        Ok(())
    }

    /// Nothing is left that is stored otherwise than with the current key, nor of what was before.
    pub(super) async fn finish_change_of_keys(&self, current: &KeyId) -> Result<(), StoreError> {
        let update = sqlx::query(
            "UPDATE secret_keys SET is_complete = 1 WHERE role = 'current' AND id = $1",
        )
        .bind(current.as_str());
        self.write_one("finish a change of keys", update).await?;
        Ok(())
    }
}

/// Nothing happens where there is a current key.
async fn insert_current(tx: &mut AnyConnection, key: &SecretKey) -> Result<(), StoreError> {
    let sealer = Sealer::new(Some(key.clone()), Vec::new());
    let word = sealer
        .seal(check_place(key.id()), WORD)
        .map_err(|_| StoreError::NotSealed {
            table: TABLE,
            column: CHECK,
        })?;
    sqlx::query(
        "INSERT INTO secret_keys (id, role, check_value, is_complete) VALUES ($1, 'current', $2, 0)
         ON CONFLICT DO NOTHING",
    )
    .bind(key.id().as_str())
    .bind(word)
    .execute(tx)
    .await
    .act("record a key")?;
    Ok(())
}

fn check_place(id: &KeyId) -> Place<'_> {
    Place {
        table: TABLE,
        column: CHECK,
        row: id.as_str(),
    }
}

/// What a key is to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Current,
    Retiring,
}

impl Role {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "current" => Some(Self::Current),
            "retiring" => Some(Self::Retiring),
            _ => None,
        }
    }
}

fn recorded_key(row: &AnyRow) -> Result<(Role, RecordedKey), StoreError> {
    let columns = Columns::of(TABLE, row);
    let key = RecordedKey {
        id: columns.word("id", KeyId::parse)?,
        check_value: columns.text(CHECK)?,
        is_complete: columns.flag("is_complete")?,
    };
    Ok((columns.word("role", Role::parse)?, key))
}
