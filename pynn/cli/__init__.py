"""The `pynn` command: `main` reads the arguments, and one module does what each subcommand says."""
