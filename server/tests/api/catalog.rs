//! The catalog: products, what is wrong in the sources, reading them again.

use serde_json::json;

use super::test_app::{PRODUCT, TestApp};

#[tokio::test]
async fn products_are_listed_as_an_array() {
    let app = TestApp::start().await;
    let listed = app.get("/api/products").await.ok();
    let products = listed.as_array().unwrap();
    assert_eq!(products.len(), 1);
    let product = &products[0];
    assert_eq!(product["id"], PRODUCT);
    assert_eq!(product["groupId"], "demo.shop");
    assert_eq!(product["sourceId"], "demo");
    assert_eq!(product["isMultiStack"], true);
    assert_eq!(product["totalServices"], 2);
    assert_eq!(product["stacks"][1]["id"], "demo:demo.shop:Web:1.0.0");
    let port = product["stacks"][1]["variables"]
        .as_array()
        .unwrap()
        .iter()
        .find(|variable| variable["name"] == "WEB_PORT")
        .unwrap();
    assert_eq!(port["type"], "Port");
    assert_eq!(port["defaultValue"], "8080");
    assert_eq!(port["isRequired"], false);
}

#[tokio::test]
async fn a_product_is_found_by_id_raw_or_encoded_and_by_group() {
    let app = TestApp::start().await;
    for id in [
        "demo:Shop:1.0.0",
        "demo%3AShop%3A1.0.0",
        "demo.shop",
        "demo:Shop",
    ] {
        let product = app.get(&format!("/api/products/{id}")).await.ok();
        assert_eq!(product["id"], PRODUCT, "{id}");
        assert_eq!(product["availableVersions"][0]["version"], "1.0.0");
        assert_eq!(product["availableVersions"][0]["isCurrent"], true);
    }
    for (id, name) in [
        ("nothing", "nothing"),
        ("demo%3AShop%3A9", "demo:Shop:9"),
        ("a%2Fb", "a/b"),
    ] {
        let refused = app.get(&format!("/api/products/{id}")).await.refused(404);
        assert_eq!(refused, format!("Product '{name}' not found in catalog."));
    }
}

#[tokio::test]
async fn a_broken_file_is_reported_and_hides_nothing() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/api/catalog/problems").await.ok(), json!([]));
    let broken = app.catalog_folder().join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("product.yaml"), "metadata: {name: [}\n").unwrap();

    let synced = app.post("/api/stack-sources/sync", &json!({})).await.ok();
    assert_eq!(synced["success"], false);
    assert_eq!(synced["stacksLoaded"], 2);
    assert_eq!(synced["sourcesSynced"], 1);
    let error = synced["errors"][0].as_str().unwrap();
    assert!(error.starts_with("demo/broken/product.yaml:1:"), "{error}");
    assert_eq!(synced["warnings"], json!([]));

    let problems = app.get("/api/catalog/problems").await.ok();
    assert_eq!(problems[0]["sourceId"], "demo");
    assert_eq!(problems[0]["severity"], "error");
    assert_eq!(problems[0]["file"], "broken/product.yaml");
    assert_eq!(problems[0]["line"], 1);
    assert_eq!(
        app.get("/api/products")
            .await
            .ok()
            .as_array()
            .unwrap()
            .len(),
        1
    );

    std::fs::remove_dir_all(&broken).unwrap();
    let synced = app.post("/api/stack-sources/sync", &json!({})).await.ok();
    assert_eq!(synced["success"], true);
    assert_eq!(synced["errors"], json!([]));
}
