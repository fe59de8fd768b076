//! The story of both sides in order: what the registers tell, and the picture of it.
