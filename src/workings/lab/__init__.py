"""The lab: work that is spread over processes and machines, whatever it is; no study is known here."""
