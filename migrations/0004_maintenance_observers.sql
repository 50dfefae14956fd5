-- One row for each deployment that was ever looked at: when its observer looks next, and what it saw last. Made by whoever polls.

CREATE TABLE maintenance_observers (
    deployment_id  TEXT   NOT NULL PRIMARY KEY REFERENCES product_deployments (id) ON DELETE CASCADE,
    -- Which release of the product next_at was chosen for: another one is looked at soon.
    release_number BIGINT NOT NULL,
    next_at        BIGINT NOT NULL,
    -- When next_at was chosen. In the future, the clock was set back since.
    chosen_at      BIGINT NOT NULL,
    -- Which claim it is: only the newest may write what it saw.
    fence          BIGINT NOT NULL,
    checked_at     BIGINT,
    outcome        TEXT   CHECK (outcome IN ('maintenance', 'normal', 'failed')),
    observed_value TEXT,
    error_message  TEXT,
    -- Failed checks in a row, and when the first of them was.
    failures       BIGINT NOT NULL,
    failing_since  BIGINT
);

CREATE INDEX maintenance_observers_next ON maintenance_observers (next_at);
