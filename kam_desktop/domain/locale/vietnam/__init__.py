"""Vietnam: tax codes and rates, provisions, amounts in words, banks and payment codes."""
