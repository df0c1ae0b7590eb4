"""ValidatingAdmissionPolicy and MutatingAdmissionPolicy: what CEL expressions say of a request."""
