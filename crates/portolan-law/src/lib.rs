//! portolan-law
