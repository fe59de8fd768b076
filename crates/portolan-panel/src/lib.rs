//! The law over many products, origins and days: the panel, effective tariff rates, and what changes between two laws or two days.
