"""Every sentence, in English and in Korean."""
