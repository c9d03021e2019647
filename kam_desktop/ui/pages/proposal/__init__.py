"""The proposals: their list by stage, and the editor of one."""
