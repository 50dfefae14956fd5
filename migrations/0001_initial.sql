-- One text for SQLite and PostgreSQL. Columns are TEXT, BIGINT or DOUBLE PRECISION; booleans are 0 and 1; times are epoch
-- milliseconds; ids are UUIDs as text; JSON is TEXT. Forward only: a released migration never changes.

CREATE TABLE environments (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    connection TEXT   NOT NULL,
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX environments_name ON environments (name);
CREATE UNIQUE INDEX environments_default ON environments (is_default) WHERE is_default = 1;

-- What lists show. Everything long is in deployment_contents, so that a list reads narrow rows only.
CREATE TABLE product_deployments (
    id                   TEXT   NOT NULL PRIMARY KEY,
    environment_id       TEXT   NOT NULL REFERENCES environments (id),
    group_id             TEXT   NOT NULL,
    product_id           TEXT   NOT NULL,
    product_name         TEXT   NOT NULL,
    product_display_name TEXT   NOT NULL,
    product_version      TEXT,
    deployment_name      TEXT   NOT NULL,
    status               TEXT   NOT NULL CHECK (status IN (
        'Deploying', 'Running', 'PartiallyRunning', 'Upgrading', 'Failed', 'Removing', 'Removed', 'Stopped',
        'Redeploying', 'Superseded')),
    -- How urgently a person should look, 0 first; follows the status.
    status_rank          BIGINT NOT NULL,
    operation_mode       TEXT   NOT NULL CHECK (operation_mode IN ('Normal', 'Maintenance')),
    -- Lower-cased and cut by the application: the databases disagree about letters beyond ASCII, and PostgreSQL bounds
    -- what an index holds.
    sort_name            TEXT   NOT NULL,
    search_text          TEXT   NOT NULL,
    deployed_by          TEXT   NOT NULL,
    created_at           BIGINT NOT NULL,
    completed_at         BIGINT,
    error_message        TEXT,
    continue_on_error    BIGINT NOT NULL CHECK (continue_on_error IN (0, 1)),
    previous_version     TEXT,
    last_upgraded_at     BIGINT,
    upgrade_count        BIGINT NOT NULL,
    total_stacks         BIGINT NOT NULL,
    completed_stacks     BIGINT NOT NULL,
    failed_stacks        BIGINT NOT NULL
);

-- At most one living deployment of a product in an environment.
CREATE UNIQUE INDEX product_deployments_group ON product_deployments (environment_id, group_id)
    WHERE status NOT IN ('Removed', 'Superseded');
-- The last two columns let filters and totals be answered without a look at the rows.
CREATE INDEX product_deployments_newest ON product_deployments (environment_id, created_at, id, status, search_text)
    WHERE status NOT IN ('Removed', 'Superseded');
CREATE INDEX product_deployments_name ON product_deployments (environment_id, sort_name, id)
    WHERE status NOT IN ('Removed', 'Superseded');
CREATE INDEX product_deployments_worst ON product_deployments (environment_id, status_rank, created_at DESC, id DESC)
    WHERE status NOT IN ('Removed', 'Superseded');

CREATE TABLE deployment_contents (
    deployment_id TEXT NOT NULL PRIMARY KEY REFERENCES product_deployments (id) ON DELETE CASCADE,
    product       TEXT NOT NULL,
    -- Secrets included.
    shared_values TEXT NOT NULL
);

CREATE TABLE stack_deployments (
    id                    TEXT   NOT NULL PRIMARY KEY,
    deployment_id         TEXT   NOT NULL REFERENCES product_deployments (id) ON DELETE CASCADE,
    stack_name            TEXT   NOT NULL,
    deployment_stack_name TEXT   NOT NULL,
    status                TEXT   NOT NULL CHECK (status IN (
        'Pending', 'Deploying', 'Running', 'Failed', 'Removing', 'Removed', 'Stopped')),
    position              BIGINT NOT NULL,
    started_at            BIGINT,
    completed_at          BIGINT,
    error_message         TEXT,
    is_new_in_upgrade     BIGINT NOT NULL CHECK (is_new_in_upgrade IN (0, 1)),
    -- Secrets included.
    stack_values          TEXT   NOT NULL
);

CREATE UNIQUE INDEX stack_deployments_name ON stack_deployments (deployment_id, stack_name);

-- A narrow row on purpose: every write of a runner rewrites it. Kinds have no CHECK, because later versions add some.
CREATE TABLE operations (
    id               TEXT   NOT NULL PRIMARY KEY,
    environment_id   TEXT   NOT NULL REFERENCES environments (id),
    group_id         TEXT   NOT NULL,
    deployment_id    TEXT   NOT NULL REFERENCES product_deployments (id),
    kind             TEXT   NOT NULL,
    status           TEXT   NOT NULL CHECK (status IN (
        'queued', 'running', 'waiting', 'cancelling', 'compensating', 'succeeded', 'failed', 'cancelled', 'stuck')),
    actor            TEXT   NOT NULL,
    session_id       TEXT   NOT NULL,
    -- 1: end it and undo; 2: undoing is stuck, and the operator leaves the rest undone.
    cancel_requested BIGINT NOT NULL CHECK (cancel_requested IN (0, 1, 2)),
    cancel_by        TEXT,
    cancel_at        BIGINT,
    message          TEXT,
    event_seq        BIGINT NOT NULL,
    -- The node that runs it, how often it was claimed, and until when nobody else may.
    owner            TEXT,
    fence            BIGINT NOT NULL,
    lease_until      BIGINT,
    not_before       BIGINT,
    created_at       BIGINT NOT NULL,
    started_at       BIGINT,
    finished_at      BIGINT
);

-- At most one active operation for a product in an environment.
CREATE UNIQUE INDEX operations_active ON operations (environment_id, group_id)
    WHERE status IN ('queued', 'running', 'waiting', 'cancelling', 'compensating', 'stuck');
CREATE INDEX operations_claimable ON operations (created_at, id)
    WHERE status IN ('queued', 'running', 'waiting', 'cancelling', 'compensating', 'stuck');
CREATE INDEX operations_newest ON operations (created_at, id);
CREATE INDEX operations_environment ON operations (environment_id, created_at, id);
CREATE INDEX operations_deployment ON operations (deployment_id, created_at, id);

CREATE TABLE operation_plans (
    operation_id TEXT   NOT NULL PRIMARY KEY REFERENCES operations (id) ON DELETE CASCADE,
    version      BIGINT NOT NULL,
    plan         TEXT   NOT NULL
);

CREATE TABLE steps (
    operation_id TEXT   NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    step_key     TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN (
        'pending', 'started', 'done', 'failed', 'unknown', 'skipped', 'undone')),
    attempt      BIGINT NOT NULL,
    fence        BIGINT NOT NULL,
    failure      TEXT,
    next_at      BIGINT,
    started_at   BIGINT,
    ended_at     BIGINT,
    PRIMARY KEY (operation_id, step_key)
);

CREATE TABLE events (
    operation_id TEXT   NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    level        TEXT   NOT NULL CHECK (level IN ('detail', 'info', 'warning', 'error')),
    body         TEXT   NOT NULL,
    PRIMARY KEY (operation_id, seq)
);
