//! Another key for everything that is stored. First the database names the new key as the current one, then everything is encrypted anew,
//! then the old key is forgotten; broken off in between, both keys are needed until it is finished.

use super::connect;
use super::{Store, StoreError};
use crate::secrets::{KeyId, KeyRing, SecretKey};

/// What a change of keys did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Keys that nothing is encrypted with any more; none where there was nothing to do.
    pub retired: Vec<KeyId>,
    /// How many values were encrypted anew.
    pub values: u64,
}

/// The keys that a database names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKeys {
    /// The key that everything is written with; none before the first start of a version that encrypts.
    pub current: Option<KeyId>,
    /// Keys that are needed, too, until a change of keys is finished.
    pub retiring: Vec<KeyId>,
}

impl Store {
    /// Which keys the database needs. No key is needed to ask, and nothing is changed.
    ///
    /// # Errors
    /// Where there is no database, or its tables are not exactly those of this version.
    pub async fn named_keys(url: &str) -> Result<NamedKeys, StoreError> {
        let store = connect::open_to_read(url).await?;
        let recorded = store.recorded_keys().await;
        store.close().await;
        let recorded = recorded?;
        Ok(NamedKeys {
            current: recorded.current.map(|key| key.id),
            retiring: recorded.retiring.into_iter().map(|key| key.id).collect(),
        })
    }

    /// Encrypts everything that is stored with another key; goes on where an earlier call was broken off. `ring` has the keys that are
    /// needed until then.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where a server is seen on the database, which would go on to write with the old key;
    /// [`StoreError::KeyMissing`] where a key is missing.
    pub async fn rotate_key(
        url: &str,
        ring: KeyRing,
        new: &SecretKey,
    ) -> Result<Rotation, StoreError> {
        connect::refuse_others(url).await?;
        // Makes no database where there is none.
        let before = Self::named_keys(url).await?;
        let mut store = connect::connect(url).await?;
        let changed = store.change_to(&before, ring, new).await;
        store.close().await;
        changed
    }

    async fn change_to(
        &mut self,
        before: &NamedKeys,
        ring: KeyRing,
        new: &SecretKey,
    ) -> Result<Rotation, StoreError> {
        let ring = ring.with(new.clone());
        if before.current.as_ref() != Some(new.id()) {
            if before.current.is_some() {
                // All that is there can be read before anything is changed.
                self.unlock_to_read(&ring).await?;
            }
            self.change_key(new).await?;
        }
        let recorded = self.unlock(ring).await?;
        let retired: Vec<KeyId> = recorded.retiring.iter().map(|key| key.id.clone()).collect();
        let values = match recorded.is_unfinished() {
            true => self.seal_what_is_left().await?.values,
            false => 0,
        };
        Ok(Rotation { retired, values })
    }
}
