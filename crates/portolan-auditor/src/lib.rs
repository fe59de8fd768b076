//! portolan-auditor
