"""The methods of the field side by side: a recipe a row, trained and measured alike."""
