"""What all families of Keras share: names, configurations, documentation, symbols of values to come."""
