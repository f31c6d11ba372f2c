"""The handoff brief: written by rules, or checked after a language model wrote it. No model is needed."""
