"""What layers, losses, metrics, optimizers, ... share: names, configurations, documentation, KerasTensors."""
