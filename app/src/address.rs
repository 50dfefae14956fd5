//! Addresses of pages about a thing. The only place that builds them.

/// The page of a product.
#[must_use]
pub fn product(id: &str) -> String {
    format!("/catalog/{}", segment(id))
}

/// The form that deploys a product.
#[must_use]
pub fn deploy_product(id: &str) -> String {
    format!("/deploy-product/{}", segment(id))
}

/// The page of a deployed product.
#[must_use]
pub fn product_deployment(id: &str) -> String {
    format!("/product-deployments/{}", segment(id))
}

/// The page of an operation.
#[must_use]
pub fn operation(id: &str) -> String {
    format!("/operations/{}", segment(id))
}

/// The page of an operation with one of its stacks picked.
#[must_use]
pub fn stack_of_operation(id: &str, parameter: &str, stack: &str) -> String {
    format!("{}?{parameter}={}", operation(id), segment(stack))
}

/// One segment of a path, or the value of a parameter: everything that is not plainly part of an id is escaped.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, expected: &str) {
        assert_eq!(product(id), expected);
    }

    #[test]
    fn ids_stay_one_segment() {
        check("demo:shop:1.1.0", "/catalog/demo:shop:1.1.0");
        check("local:My Shop:1", "/catalog/local:My%20Shop:1");
        check("a/b?c#d%", "/catalog/a%2Fb%3Fc%23d%25");
        check("größe", "/catalog/gr%C3%B6%C3%9Fe");
    }
}
