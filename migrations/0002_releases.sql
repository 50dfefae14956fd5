-- Releases: what a product was at each version that was deployed or attempted. What was one content for each deployment becomes its
-- release 1. Operations get what their callers want, and what an operator decides about those that wait.

CREATE TABLE releases (
    deployment_id   TEXT   NOT NULL REFERENCES product_deployments (id) ON DELETE CASCADE,
    -- From 1 within the deployment.
    number          BIGINT NOT NULL,
    operation_id    TEXT,
    product_id      TEXT   NOT NULL,
    product_version TEXT,
    product         TEXT   NOT NULL,
    -- Secrets included.
    shared_values   TEXT   NOT NULL,
    -- What the references of images meant.
    images          TEXT   NOT NULL,
    result          TEXT   NOT NULL CHECK (result IN ('pending', 'succeeded', 'failed', 'rolledBack')),
    message         TEXT,
    rollback_of     BIGINT,
    created_by      TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    PRIMARY KEY (deployment_id, number)
);

CREATE TABLE release_stacks (
    deployment_id         TEXT   NOT NULL,
    number                BIGINT NOT NULL,
    stack_name            TEXT   NOT NULL,
    deployment_stack_name TEXT   NOT NULL,
    position              BIGINT NOT NULL,
    -- Secrets included.
    stack_values          TEXT   NOT NULL,
    PRIMARY KEY (deployment_id, number, stack_name),
    FOREIGN KEY (deployment_id, number) REFERENCES releases (deployment_id, number) ON DELETE CASCADE
);

INSERT INTO releases (deployment_id, number, operation_id, product_id, product_version, product, shared_values, images, result,
    message, rollback_of, created_by, created_at, ended_at)
SELECT d.id, 1, (SELECT MIN(o.id) FROM operations o WHERE o.deployment_id = d.id), d.product_id, d.product_version, c.product,
    c.shared_values, '{}',
    CASE d.status WHEN 'Deploying' THEN 'pending' WHEN 'Running' THEN 'succeeded' ELSE 'failed' END,
    d.error_message, NULL, d.deployed_by, d.created_at, d.completed_at
FROM product_deployments d JOIN deployment_contents c ON c.deployment_id = d.id;

INSERT INTO release_stacks (deployment_id, number, stack_name, deployment_stack_name, position, stack_values)
SELECT deployment_id, 1, stack_name, deployment_stack_name, position, stack_values FROM stack_deployments;

DROP TABLE deployment_contents;
ALTER TABLE stack_deployments DROP COLUMN stack_values;

-- The release that a deployment is at, and the one that each stack's containers were made from; 0 before there are any.
ALTER TABLE product_deployments ADD COLUMN release_number BIGINT NOT NULL DEFAULT 1;
ALTER TABLE stack_deployments ADD COLUMN release_number BIGINT NOT NULL DEFAULT 1;
-- Who put it into maintenance, and why.
ALTER TABLE product_deployments ADD COLUMN maintenance TEXT;

ALTER TABLE operations ADD COLUMN input TEXT NOT NULL DEFAULT '{}';
ALTER TABLE operations ADD COLUMN decision TEXT;
