"""The engine: target -> subjects -> what to ask -> facts -> audit. Asynchronous, and talks to ports only."""
