//! portolan-entry
