-- The record of a server of the tables of migration 1, in the middle of a deployment. Never changed.
PRAGMA foreign_keys = OFF;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO "_sqlx_migrations" VALUES(1,'initial','2026-11-26 07:51:38',1,X'36AF5E99FA25FBFF744EF45A5C739D1D2CAF98F54477750EA56F2377CC06602ACE5E9B208BB86C739E6A71B10C3FA53A',7539956);
CREATE TABLE deployment_contents (
    deployment_id TEXT NOT NULL PRIMARY KEY REFERENCES product_deployments (id) ON DELETE CASCADE,
    product       TEXT NOT NULL,
    -- Secrets included.
    shared_values TEXT NOT NULL
);
INSERT INTO "deployment_contents" VALUES('01a216d6-b12c-72b9-aeb3-edc99dcba3b0','{"id":"test:p1","groupId":"test:p1","sourceId":"test","name":"p1","displayName":"p1","description":"","version":null,"category":null,"tags":[],"icon":null,"documentation":null,"releaseNotesUrl":null,"changelog":null,"sharedVariables":[],"stacks":[{"id":"test:p1:base","name":"base","displayName":"base","description":"","dependsOn":[],"variables":[],"compose":{"services":{"db":{"image":"db:1","healthcheck":{"test":["CMD","check"]},"volumes":["data:/data"]},"setup":{"image":"setup:1","x-windlass":{"init":true},"depends_on":{"db":{"condition":"service_healthy"}}},"api":{"image":"app:1"}},"volumes":{"data":{}}},"files":{},"profiles":[],"services":[]},{"id":"test:p1:web","name":"web","displayName":"web","description":"","dependsOn":[],"variables":[],"compose":{"services":{"web":{"image":"app:1"},"worker":{"image":"app:1","depends_on":{"web":{"condition":"service_healthy"}}}}},"files":{},"profiles":[],"services":[]}],"order":"sequential","onFailure":"keep","maintenance":null,"path":"","warnings":[]}','{}');
CREATE TABLE environments (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    connection TEXT   NOT NULL,
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    created_at BIGINT NOT NULL
);
INSERT INTO "environments" VALUES('01a216d6-b12a-770a-a9c1-a3bd0b55170c','local','{"type":"DockerSocket","socketPath":"unix:///nowhere.sock"}',1,1795679498538);
CREATE TABLE events (
    operation_id TEXT   NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    level        TEXT   NOT NULL CHECK (level IN ('detail', 'info', 'warning', 'error')),
    body         TEXT   NOT NULL,
    PRIMARY KEY (operation_id, seq)
);
INSERT INTO "events" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca',1,1795679498540,'info','{"type":"accepted","kind":"deploy","actor":{"type":"localOperator"},"productName":"p1","productVersion":null,"environmentName":"local","stacks":[]}');
INSERT INTO "events" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca',2,1795679498548,'info','{"type":"claimed","node":"a","resumed":false}');
INSERT INTO "events" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca',3,1795679498548,'info','{"type":"planned","steps":[{"step":"pull db:1","title":"Pull db:1","phase":"PullingImages","cause":"the image is not on the engine","stack":"base"},{"step":"pull setup:1","title":"Pull setup:1","phase":"PullingImages","cause":"the image is not on the engine","stack":"base"},{"step":"network p1-base_default","title":"Prepare network default","phase":"Preparing","cause":"the network does not exist","stack":"base"},{"step":"network p1-web_default","title":"Prepare network default","phase":"Preparing","cause":"the network does not exist","stack":"web"},{"step":"volume p1-base_data","title":"Prepare volume data","phase":"Preparing","cause":"the volume does not exist","stack":"base"},{"step":"create base/db","title":"Create db","phase":"Preparing","cause":"the container does not exist","stack":"base","service":"db"},{"step":"create base/setup","title":"Create setup","phase":"Preparing","cause":"the container does not exist","stack":"base","service":"setup"},{"step":"create base/api","title":"Create api","phase":"Preparing","cause":"the container does not exist","stack":"base","service":"api"},{"step":"begin base","title":"Begin stack base","phase":"Preparing","cause":"it is the first stack","stack":"base"},{"step":"start base/db","title":"Start db","phase":"StartingServices","cause":"it depends on nothing","stack":"base","service":"db"},{"step":"healthy base/db","title":"Wait until db is healthy","phase":"WaitingForHealth","cause":"a service counts as running only behind its health gate","stack":"base","service":"db"},{"step":"init base/setup","title":"Run setup to its end","phase":"InitializingContainers","cause":"it must end before the services start","stack":"base","service":"setup"},{"step":"start base/api","title":"Start api","phase":"StartingServices","cause":"it depends on nothing","stack":"base","service":"api"},{"step":"settled base/api","title":"Wait until api has stayed up","phase":"WaitingForHealth","cause":"nothing but its staying up says that it is well","stack":"base","service":"api"},{"step":"finish base","title":"Finish stack base","phase":"Complete","cause":"every step of the stack has ended","stack":"base"},{"step":"create web/web","title":"Create web","phase":"Preparing","cause":"the container does not exist","stack":"web","service":"web"},{"step":"create web/worker","title":"Create worker","phase":"Preparing","cause":"the container does not exist","stack":"web","service":"worker"},{"step":"begin web","title":"Begin stack web","phase":"Preparing","cause":"stacks follow each other in the order of the manifest","stack":"web"},{"step":"start web/web","title":"Start web","phase":"StartingServices","cause":"it depends on nothing","stack":"web","service":"web"},{"step":"settled web/web","title":"Wait until web has stayed up","phase":"WaitingForHealth","cause":"nothing but its staying up says that it is well","stack":"web","service":"web"},{"step":"start web/worker","title":"Start worker","phase":"StartingServices","cause":"it follows web","stack":"web","service":"worker"},{"step":"settled web/worker","title":"Wait until worker has stayed up","phase":"WaitingForHealth","cause":"nothing but its staying up says that it is well","stack":"web","service":"worker"},{"step":"finish web","title":"Finish stack web","phase":"Complete","cause":"every step of the stack has ended","stack":"web"}]}');
INSERT INTO "events" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca',4,1795679498598,'info','{"type":"step_started","step":"pull db:1","attempt":1}');
INSERT INTO "events" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca',5,1795679498598,'info','{"type":"step_started","step":"pull setup:1","attempt":1}');
INSERT INTO "events" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca',6,1795679498652,'warning','{"type":"step_retrying","step":"pull db:1","attempt":2,"nextAt":"2026-11-26T07:51:38.662Z","failure":{"message":"the engine failed at ''Pull db:1'': busy"}}');
CREATE TABLE operation_plans (
    operation_id TEXT   NOT NULL PRIMARY KEY REFERENCES operations (id) ON DELETE CASCADE,
    version      BIGINT NOT NULL,
    plan         TEXT   NOT NULL
);
INSERT INTO "operation_plans" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca',1,'{"version":1,"steps":[{"key":"pull db:1","action":{"kind":"pull_image","image":"db:1","always":false,"stacks":["base"]},"cause":"the image is not on the engine","needs":[]},{"key":"pull setup:1","action":{"kind":"pull_image","image":"setup:1","always":false,"stacks":["base"]},"cause":"the image is not on the engine","needs":[]},{"key":"network p1-base_default","action":{"kind":"ensure_network","stack":"base","network":"default"},"cause":"the network does not exist","needs":[{"step":0,"ended":"well"},{"step":1,"ended":"well"}]},{"key":"network p1-web_default","action":{"kind":"ensure_network","stack":"web","network":"default"},"cause":"the network does not exist","needs":[{"step":0,"ended":"anyhow"},{"step":1,"ended":"anyhow"}]},{"key":"volume p1-base_data","action":{"kind":"ensure_volume","stack":"base","volume":"data"},"cause":"the volume does not exist","needs":[{"step":0,"ended":"well"},{"step":1,"ended":"well"}]},{"key":"create base/db","action":{"kind":"create_container","stack":"base","service":"db","replica":1,"generation":1},"cause":"the container does not exist","needs":[{"step":0,"ended":"well"},{"step":1,"ended":"well"},{"step":2,"ended":"well"},{"step":4,"ended":"well"}]},{"key":"create base/setup","action":{"kind":"create_container","stack":"base","service":"setup","replica":1,"generation":1},"cause":"the container does not exist","needs":[{"step":0,"ended":"well"},{"step":1,"ended":"well"},{"step":2,"ended":"well"}]},{"key":"create base/api","action":{"kind":"create_container","stack":"base","service":"api","replica":1,"generation":1},"cause":"the container does not exist","needs":[{"step":0,"ended":"well"},{"step":1,"ended":"well"},{"step":2,"ended":"well"}]},{"key":"begin base","action":{"kind":"begin_stack","stack":"base"},"cause":"it is the first stack","needs":[{"step":0,"ended":"anyhow"},{"step":1,"ended":"anyhow"}]},{"key":"start base/db","action":{"kind":"start_container","stack":"base","service":"db","replica":1},"cause":"it depends on nothing","needs":[{"step":5,"ended":"well"},{"step":8,"ended":"well"}]},{"key":"healthy base/db","action":{"kind":"await_healthy","stack":"base","service":"db"},"cause":"a service counts as running only behind its health gate","needs":[{"step":9,"ended":"well"}]},{"key":"init base/setup","action":{"kind":"run_init","stack":"base","service":"setup"},"cause":"it must end before the services start","needs":[{"step":6,"ended":"well"},{"step":8,"ended":"well"},{"step":10,"ended":"well"}]},{"key":"start base/api","action":{"kind":"start_container","stack":"base","service":"api","replica":1},"cause":"it depends on nothing","needs":[{"step":7,"ended":"well"},{"step":8,"ended":"well"},{"step":11,"ended":"well"}]},{"key":"settled base/api","action":{"kind":"await_settled","stack":"base","service":"api"},"cause":"nothing but its staying up says that it is well","needs":[{"step":12,"ended":"well"}]},{"key":"finish base","action":{"kind":"finish_stack","stack":"base"},"cause":"every step of the stack has ended","needs":[{"step":0,"ended":"anyhow"},{"step":1,"ended":"anyhow"},{"step":2,"ended":"anyhow"},{"step":4,"ended":"anyhow"},{"step":5,"ended":"anyhow"},{"step":6,"ended":"anyhow"},{"step":7,"ended":"anyhow"},{"step":8,"ended":"anyhow"},{"step":9,"ended":"anyhow"},{"step":10,"ended":"anyhow"},{"step":11,"ended":"anyhow"},{"step":12,"ended":"anyhow"},{"step":13,"ended":"anyhow"}]},{"key":"create web/web","action":{"kind":"create_container","stack":"web","service":"web","replica":1,"generation":1},"cause":"the container does not exist","needs":[{"step":0,"ended":"anyhow"},{"step":1,"ended":"anyhow"},{"step":3,"ended":"well"}]},{"key":"create web/worker","action":{"kind":"create_container","stack":"web","service":"worker","replica":1,"generation":1},"cause":"the container does not exist","needs":[{"step":0,"ended":"anyhow"},{"step":1,"ended":"anyhow"},{"step":3,"ended":"well"}]},{"key":"begin web","action":{"kind":"begin_stack","stack":"web"},"cause":"stacks follow each other in the order of the manifest","needs":[{"step":0,"ended":"anyhow"},{"step":1,"ended":"anyhow"},{"step":2,"ended":"anyhow"},{"step":4,"ended":"anyhow"},{"step":5,"ended":"anyhow"},{"step":6,"ended":"anyhow"},{"step":7,"ended":"anyhow"},{"step":8,"ended":"anyhow"},{"step":9,"ended":"anyhow"},{"step":10,"ended":"anyhow"},{"step":11,"ended":"anyhow"},{"step":12,"ended":"anyhow"}]},{"key":"start web/web","action":{"kind":"start_container","stack":"web","service":"web","replica":1},"cause":"it depends on nothing","needs":[{"step":15,"ended":"well"},{"step":17,"ended":"well"}]},{"key":"settled web/web","action":{"kind":"await_settled","stack":"web","service":"web"},"cause":"nothing but its staying up says that it is well","needs":[{"step":18,"ended":"well"}]},{"key":"start web/worker","action":{"kind":"start_container","stack":"web","service":"worker","replica":1},"cause":"it follows web","needs":[{"step":16,"ended":"well"},{"step":17,"ended":"well"},{"step":19,"ended":"well"}]},{"key":"settled web/worker","action":{"kind":"await_settled","stack":"web","service":"worker"},"cause":"nothing but its staying up says that it is well","needs":[{"step":20,"ended":"well"}]},{"key":"finish web","action":{"kind":"finish_stack","stack":"web"},"cause":"every step of the stack has ended","needs":[{"step":3,"ended":"anyhow"},{"step":15,"ended":"anyhow"},{"step":16,"ended":"anyhow"},{"step":17,"ended":"anyhow"},{"step":18,"ended":"anyhow"},{"step":19,"ended":"anyhow"},{"step":20,"ended":"anyhow"},{"step":21,"ended":"anyhow"}]}]}');
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
INSERT INTO "operations" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca','01a216d6-b12a-770a-a9c1-a3bd0b55170c','test:p1','01a216d6-b12c-72b9-aeb3-edc99dcba3b0','deploy','running','{"type":"localOperator"}','',0,NULL,NULL,NULL,6,NULL,1,NULL,NULL,1795679498540,1795679498542,NULL);
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
INSERT INTO "product_deployments" VALUES('01a216d6-b12c-72b9-aeb3-edc99dcba3b0','01a216d6-b12a-770a-a9c1-a3bd0b55170c','test:p1','test:p1','p1','p1',NULL,'p1','Deploying',2,'Normal','p1','p1

p1
p1','{"type":"localOperator"}',1795679498540,NULL,NULL,1,NULL,NULL,0,2,0,0);
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
INSERT INTO "stack_deployments" VALUES('01a216d6-b12c-72b9-aeb3-edcaae2e0bcb','01a216d6-b12c-72b9-aeb3-edc99dcba3b0','base','p1-base','Pending',0,NULL,NULL,NULL,0,'{}');
INSERT INTO "stack_deployments" VALUES('01a216d6-b12c-72b9-aeb3-edcb0e41ae1b','01a216d6-b12c-72b9-aeb3-edc99dcba3b0','web','p1-web','Pending',1,NULL,NULL,NULL,0,'{}');
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
INSERT INTO "steps" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca','pull db:1','started',1,1,'{"message":"the engine failed at ''Pull db:1'': busy"}',1795679498662,1795679498598,NULL);
INSERT INTO "steps" VALUES('01a216d6-b12c-72b9-aeb3-edcc760e29ca','pull setup:1','started',1,1,NULL,NULL,1795679498598,NULL);
CREATE UNIQUE INDEX environments_name ON environments (name);
CREATE UNIQUE INDEX environments_default ON environments (is_default) WHERE is_default = 1;
CREATE UNIQUE INDEX product_deployments_group ON product_deployments (environment_id, group_id)
    WHERE status NOT IN ('Removed', 'Superseded');
CREATE INDEX product_deployments_newest ON product_deployments (environment_id, created_at, id, status, search_text)
    WHERE status NOT IN ('Removed', 'Superseded');
CREATE INDEX product_deployments_name ON product_deployments (environment_id, sort_name, id)
    WHERE status NOT IN ('Removed', 'Superseded');
CREATE INDEX product_deployments_worst ON product_deployments (environment_id, status_rank, created_at DESC, id DESC)
    WHERE status NOT IN ('Removed', 'Superseded');
CREATE UNIQUE INDEX stack_deployments_name ON stack_deployments (deployment_id, stack_name);
CREATE UNIQUE INDEX operations_active ON operations (environment_id, group_id)
    WHERE status IN ('queued', 'running', 'waiting', 'cancelling', 'compensating', 'stuck');
CREATE INDEX operations_claimable ON operations (created_at, id)
    WHERE status IN ('queued', 'running', 'waiting', 'cancelling', 'compensating', 'stuck');
CREATE INDEX operations_newest ON operations (created_at, id);
CREATE INDEX operations_environment ON operations (environment_id, created_at, id);
CREATE INDEX operations_deployment ON operations (deployment_id, created_at, id);
