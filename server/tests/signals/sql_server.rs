//! Observers and setters that ask SQL Server, which is a double here.

use std::time::Duration;

use domain::deployment::OperationMode;
use domain::maintenance::{Connection, ObserverSource, SetterConfig, SetterTarget};
use server::signals::Signals;

use super::observe;
use super::tds_double::{Says, TdsDouble};

async fn property(double: &TdsDouble) -> Result<String, String> {
    observe(ObserverSource::SqlExtendedProperty {
        connection: Connection::parse(&double.connection(), None).unwrap(),
        property: "shop.mode".to_owned(),
    })
    .await
}

async fn query(double: &TdsDouble) -> Result<String, String> {
    observe(ObserverSource::SqlQuery {
        connection: Connection::parse(&double.connection(), None).unwrap(),
        query: "SELECT mode FROM shop".to_owned(),
    })
    .await
}

#[tokio::test]
async fn values_of_queries() {
    for (says, expect) in [
        (Says::Text(Some(" on ")), Ok("on")),
        (Says::Text(Some("wartung ä")), Ok("wartung ä")),
        (Says::Number(1), Ok("1")),
        (Says::Text(None), Err("The query gave NULL.")),
        (Says::NoRow, Err("The query gave no row.")),
        (
            Says::Error("Invalid object name 'shop'."),
            Err("refuses the query: Invalid object name 'shop'."),
        ),
        (Says::HangUp, Err("cannot be reached")),
    ] {
        let double = TdsDouble::saying([Says::Done, says]);
        let got = query(&double).await;
        match expect {
            Ok(value) => assert_eq!(got.as_deref(), Ok(value)),
            Err(part) => {
                let said = got.unwrap_err();
                assert!(said.contains(part), "{said}");
                assert!(!said.contains("hunter2"), "{said}");
            }
        }
        let statements = double.statements();
        assert!(statements[0].contains("BEGIN TRANSACTION"));
        assert!(statements[1].contains("SELECT mode FROM shop"));
    }
}

#[tokio::test]
async fn an_extended_property_of_the_database() {
    let double = TdsDouble::saying([Says::Text(Some("on"))]);
    assert_eq!(property(&double).await.as_deref(), Ok("on"));
    let statement = &double.statements()[0];
    assert!(statement.contains("FROM sys.extended_properties WHERE class = 0 AND name = @P1"));
    assert!(statement.contains("shop.mode"));
    let double = TdsDouble::saying([Says::NoRow]);
    assert_eq!(
        property(&double).await,
        Err("The database has no extended property with that name (class 0). Add it, or correct propertyName.".to_owned())
    );
}

#[tokio::test]
async fn who_is_not_let_in() {
    let double = TdsDouble::refusing("Login failed for user 'sa'.");
    let said = query(&double).await.unwrap_err();
    assert_eq!(
        said,
        format!(
            "SQL Server at {} refuses the connection: Login failed for user 'sa'.. \
             Check account, password and database in the connection string.",
            double.address
        )
    );
}

#[tokio::test]
async fn a_setter_writes_the_property() {
    let double = TdsDouble::saying([Says::Done, Says::Error("The permission was denied.")]);
    let setter = SetterConfig {
        grace_period: Duration::ZERO,
        maintenance_value: Some("WARTUNG".to_owned()),
        normal_value: None,
        target: SetterTarget::SqlExtendedProperty {
            connection: Connection::parse(&double.connection(), None).unwrap(),
            property: "shop.mode".to_owned(),
        },
    };
    let signals = Signals::new();
    signals
        .fire(&setter, OperationMode::Maintenance)
        .await
        .unwrap();
    let statement = &double.statements()[0];
    for part in [
        "sp_updateextendedproperty",
        "sp_addextendedproperty",
        "shop.mode",
        "WARTUNG",
    ] {
        assert!(statement.contains(part), "{part}: {statement}");
    }
    let refused = signals.fire(&setter, OperationMode::Normal).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("The permission was denied.")
    );
}
