"""Architecture search: joins the graphs of models with searchable layers."""
