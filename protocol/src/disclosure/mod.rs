//! To be written in the commit that fills it.
