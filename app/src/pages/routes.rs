//! Pages as routes whose code a browser loads when it needs it. What several pages use is shared between them.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

/// One route for each page: the page stays a component, which is all that its file knows.
macro_rules! routes {
    ($($route:ident => $page:path,)*) => {
        $(
            #[doc = concat!("[`", stringify!($page), "`], loaded when it is needed.")]
            #[derive(Debug, Clone, Copy)]
            pub struct $route;

            #[lazy_route]
            impl LazyRoute for $route {
                fn data() -> Self {
                    Self
                }

                fn view(_this: Self) -> AnyView {
                    $page().into_any()
                }
            }
        )*
    };
}

routes! {
    HealthRoute => super::health::HealthPage,
    DashboardRoute => super::dashboard::DashboardPage,
    CatalogRoute => super::catalog::CatalogPage,
    ChangeRoute => super::change::ChangePage,
    ProductRoute => super::product::ProductPage,
    DeploymentRoute => super::deployment::DeploymentPage,
    DeploymentsRoute => super::deployments::DeploymentsPage,
    OperationRoute => super::operation::OperationPage,
    OperationsRoute => super::operations::OperationsPage,
    ContainersRoute => super::containers::ContainersPage,
    ContainerRoute => super::container::ContainerPage,
    ContainerLogsRoute => super::container_logs::ContainerLogsPage,
    VolumesRoute => super::volumes::VolumesPage,
    VolumeRoute => super::volume::VolumePage,
    EnvironmentsRoute => super::settings::environments::EnvironmentsPage,
    SettingsRoute => super::settings::SettingsPage,
    SourcesRoute => super::settings::sources::SourcesPage,
    SystemRoute => super::settings::system::SystemPage,
    PrecheckRoute => super::precheck::PrecheckPage,
    DeployCustomRoute => super::deploy_custom::DeployCustomPage,
    DeployProductRoute => super::deploy_product::DeployProductPage,
    StackRoute => super::stack::StackPage,
    GalleryRoute => super::gallery::GalleryPage,
}
