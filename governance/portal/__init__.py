"""The door for customers: pages for subscribing, unsubscribing and, later, the portal itself."""
