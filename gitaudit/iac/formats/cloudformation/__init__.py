"""Stack events, change sets and drift of CloudFormation, and of CDK through them."""
