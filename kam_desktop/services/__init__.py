"""Business verbs and questions: plain functions over a unit of work or a reader."""
