"""The pages and what their forms do; one module each, or for a few that belong together."""
