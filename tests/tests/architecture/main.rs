//! The shape of the project, held (`ARCHITECTURE.md`): which crate may know what, how manifests and sources look, and
//! that the pages name what there is.

mod layers;
mod manifests;
mod pages;
mod sources;
mod tree;
