"""Records: text to meaning. Parsers that never ask the DNS; an evaluation yields the questions that it needs answered."""
