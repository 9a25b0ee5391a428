"""The engines that the matching is held against, a file each; all answer the same filled forms."""
