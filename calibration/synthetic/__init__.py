"""The synthesised faces: the model that draws them, and the set that ships."""
