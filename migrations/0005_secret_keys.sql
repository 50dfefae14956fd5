-- The ids of the keys that stored values are encrypted with; never a key. What is encrypted says so itself: `enc:1:<id>:<base64>`.

CREATE TABLE secret_keys (
    id          TEXT   NOT NULL PRIMARY KEY,
    -- current: what is written is encrypted with it. retiring: something may still be, until the change to the current one is finished.
    role        TEXT   NOT NULL CHECK (role IN ('current', 'retiring')),
    -- A known word, encrypted with it.
    check_value TEXT   NOT NULL,
    -- Whether nothing is left that is stored otherwise than with the current one.
    is_complete BIGINT NOT NULL CHECK (is_complete IN (0, 1))
);

CREATE UNIQUE INDEX secret_keys_current ON secret_keys (role) WHERE role = 'current';
