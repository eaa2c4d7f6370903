"""Training: the teacher, the student, and what keeps the student's units alive."""
