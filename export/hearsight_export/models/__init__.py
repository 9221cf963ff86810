"""Network parts that model families share, in the form that exports well."""
