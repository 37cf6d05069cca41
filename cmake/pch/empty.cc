// A target needs a source; this one exists to carry a precompiled header.
