"""Policy and configuration texts as frozen values, and who may sign what. Pure: no I/O, no clock."""
