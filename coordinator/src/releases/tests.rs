//! What the coordinator takes, passes on and shows of releases.
