"""From labelled messages to the model of `dtm_contact.topics`; needs scikit-learn, which the daemon does not."""
