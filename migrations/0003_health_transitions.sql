-- How health changed: of products, stacks and services. Bounded in age and number; nothing depends on a row being there.
CREATE TABLE health_transitions (
    id               TEXT   NOT NULL PRIMARY KEY,
    environment_id   TEXT   NOT NULL REFERENCES environments (id),
    deployment_id    TEXT   NOT NULL REFERENCES product_deployments (id) ON DELETE CASCADE,
    -- Empty where it is the whole product's, or the whole stack's.
    stack_name       TEXT   NOT NULL,
    service_name     TEXT   NOT NULL,
    from_status      TEXT   CHECK (from_status IN (
        'Healthy', 'Degraded', 'Unhealthy', 'Unknown', 'NotFound', 'Running')),
    to_status        TEXT   NOT NULL CHECK (to_status IN (
        'Healthy', 'Degraded', 'Unhealthy', 'Unknown', 'NotFound', 'Running')),
    reason           TEXT   NOT NULL,
    source           TEXT   NOT NULL CHECK (source IN ('event', 'resync')),
    operation_active BIGINT NOT NULL CHECK (operation_active IN (0, 1)),
    healthy_services BIGINT NOT NULL,
    total_services   BIGINT NOT NULL,
    changed_at       BIGINT NOT NULL
);

CREATE INDEX health_transitions_newest ON health_transitions (deployment_id, changed_at, id);
CREATE INDEX health_transitions_subject
    ON health_transitions (deployment_id, stack_name, service_name, changed_at, id);
CREATE INDEX health_transitions_environment ON health_transitions (environment_id, changed_at);
CREATE INDEX health_transitions_age ON health_transitions (changed_at);
