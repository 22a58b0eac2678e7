"""`trace`: the way of one trade. `evidence` gathers what is known of it, `way` says what that means."""
