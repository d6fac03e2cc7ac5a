"""What every part uses and no tensor needs: whole files, the version, extras, names and options that are not there."""
